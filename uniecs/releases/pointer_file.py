"""``release.json``: what the local server watches and serves."""

import json
from pathlib import Path

from uniecs.registry import ModelVersion
from uniecs.releases.release import Release
from uniecs.settings import Settings
from uniecs.steps.durability import write_durably


def pointer_file(settings: Settings) -> Path:
    """Where the pointer is."""
    return settings.root / "release.json"


def shows(settings: Settings, release_id: str | None, revision: int) -> bool:
    """Whether the file names this release at this revision."""
    try:
        content = json.loads(pointer_file(settings).read_bytes())
    except (OSError, ValueError):
        return release_id is None
    return (content.get("release_id"), content.get("revision")) == (release_id, revision)


def write_pointer(settings: Settings, release: Release, model: ModelVersion) -> None:
    """Replace the pointer in one move; a reader sees the old release or the new."""
    content = {
        "release_id": release.release_id,
        "model_version": release.model_version,
        "model_folder": model.folder.as_posix(),
        "processor_digest": model.processor_digest,
        "generation": release.generation,
        "feature_service": release.feature_service,
        "revision": release.revision,
    }
    write_durably(pointer_file(settings), (json.dumps(content, indent=1) + "\n").encode())
