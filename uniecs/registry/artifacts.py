"""Copies of model folders and reports: where they lie, and how they come to this machine."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlparse

from uniecs.settings import Settings
from uniecs.steps.durability import exclusive, sync_all

Download = Callable[[str, str, str], object]
"""``(run id, path below its artifacts, existing local folder)``: puts the path into the folder."""


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version as MLflow holds it.

    Attributes:
        artifacts: URI below which the version's folders were copied.
        tags: Those given when it was added, and those set since.
    """

    version: str
    number: int
    run_id: str
    artifacts: str
    tags: Mapping[str, str]
    created: datetime


def local_path(uri: str) -> Path | None:
    """The folder that an artifact URI means on this machine, or None when it lies elsewhere.

    Example:
        >>> local_path("file:///data/a%20b"), local_path("s3://bucket/a")
        (PosixPath('/data/a b'), None)
    """
    parsed = urlparse(uri)
    return Path(unquote(parsed.path)) if parsed.scheme in ("", "file") else None


def sync_copy(folder: Path) -> None:
    """Wait until every file below ``folder`` is on the disk."""
    sync_all([path for path in folder.rglob("*") if path.is_file()])


def folder_of(
    settings: Settings, stored: StoredVersion, name: str, *, download: Download | None
) -> Path:
    """Where one of a version's folders lies on this machine.

    Args:
        settings: Downloads are kept under ``<root>/models``.
        stored: The version.
        name: Path below the artifacts.
        download: Fetches the folder when the artifacts lie elsewhere and it is not here yet; None
            only names the place.
    """
    local = local_path(stored.artifacts)
    if local is not None:
        return local / name
    cached = settings.root / "models" / stored.version / name
    if download is not None and not cached.exists():
        with exclusive(settings.root / "models" / f".{stored.version}.lock"):
            if not cached.exists():
                _fetch(stored, name, cached, download)
    return cached


def _fetch(stored: StoredVersion, name: str, target: Path, download: Download) -> None:
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    download(stored.run_id, name, str(partial))
    sync_copy(partial)
    (partial / name).rename(target)
    shutil.rmtree(partial)
