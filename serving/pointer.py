"""The release pointer: a JSON file that names what the local server must serve."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from uniecs.errors import ServiceUnavailable
from uniecs.settings import Settings


class ReleasePointer(BaseModel):
    """What is live: model version, generation and feature service, moved as one."""

    # protected_namespaces: the contract's names start with model_, as pydantic's own do
    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    release_id: str
    model_version: str
    model_folder: Path
    processor_digest: str
    generation: str
    feature_service: str | None
    revision: int


def pointer_path(settings: Settings) -> Path:
    """Where the pointer is."""
    return settings.root / "release.json"


def pointer_stamp(settings: Settings) -> tuple[int, int, int] | None:
    """Changes whenever the pointer is replaced; None while there is none."""
    try:
        found = pointer_path(settings).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def read_pointer(settings: Settings) -> ReleasePointer:
    """The release that must be live.

    Raises:
        ServiceUnavailable: There is no pointer, or it cannot be read.
    """
    path = pointer_path(settings)
    try:
        return ReleasePointer.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ServiceUnavailable(
            f"No release is live: {path} does not exist. Deploy a release first (make demo does), "
            "or serve a model folder with --model FOLDER."
        ) from None
    except (OSError, ValidationError) as error:
        raise ServiceUnavailable(
            f"The release pointer {path} cannot be read: {error}. Deploy the release again."
        ) from error
