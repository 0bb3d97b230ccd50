"""What a local server tells other processes: a status file, and a lock that proves it is alive."""

import fcntl
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import BaseModel, ConfigDict, ValidationError

from uniecs.errors import ServiceUnavailable
from uniecs.settings import Settings


class ServerStatus(BaseModel):
    """One server that follows the release pointer.

    Attributes:
        revision: Revision of the pointer that is live.
        last_error: Why the newest pointer is not live; None when it is.
        failed_revision: Revision of the pointer that ``last_error`` is about.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    pid: int
    http_url: str
    grpc_url: str
    model_version: str
    processor_digest: str
    release_id: str
    revision: int
    last_error: str | None = None
    failed_revision: int | None = None


class StatusFile:
    """``serving.json`` of one server, and the lock that only one server of a home can hold."""

    def __init__(self, settings: Settings) -> None:
        self._path = _status_path(settings)
        self._lock_path = _lock_path(settings)
        self._lock: IO[str] | None = None

    def acquire(self) -> None:
        """Become the one server of this home; a dead server's lock is free.

        Raises:
            ServiceUnavailable: Another server runs.
        """
        self._lock_path.parent.mkdir(parents=True, exist_ok=True)
        lock = self._lock_path.open("w")
        for _ in range(10):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)  # running_server holds it for an instant to look
                continue
            self._lock = lock
            self._path.unlink(missing_ok=True)  # left by a server that was killed
            return
        lock.close()
        raise ServiceUnavailable(
            f"Another server follows the releases of {self._path.parent} already (see "
            f"{self._path.name} there); stop it, or serve a folder with --model."
        )

    def write(self, status: ServerStatus) -> None:
        """Replace the status file atomically."""
        partial = self._path.with_suffix(".json.partial")
        partial.write_text(json.dumps(status.model_dump(), indent=2) + "\n", encoding="utf-8")
        partial.replace(self._path)

    def release(self) -> None:
        """Remove the status file and free the lock."""
        if self._lock is not None:
            self._path.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None


def running_server(settings: Settings) -> ServerStatus | None:
    """The server that follows this home's pointer now, or None; a dead one's file is ignored."""
    if not _is_held(_lock_path(settings)):
        return None
    with suppress(OSError, ValidationError):
        return ServerStatus.model_validate_json(_status_path(settings).read_bytes())
    return None


def _is_held(path: Path) -> bool:
    try:
        with path.open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _status_path(settings: Settings) -> Path:
    return settings.root / "serving.json"


def _lock_path(settings: Settings) -> Path:
    return settings.root / "serving.lock"
