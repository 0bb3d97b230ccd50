"""Writes that survive a power cut, and locks that survive nothing but their process."""

import fcntl
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_LOG = logging.getLogger(__name__)
_THREADS = 16  # fsyncs in flight share journal commits, thousands of pictures in one go


def sync_path(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(paths: Sequence[Path]) -> None:
    """``sync_path`` for each path."""
    if len(paths) < _THREADS:
        for path in paths:
            sync_path(path)
        return
    from concurrent.futures import ThreadPoolExecutor  # only large outputs pay for the import

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(sync_path, paths):
            pass


def write_durably(path: Path, content: bytes) -> None:
    """Replace ``path`` in one move: a reader sees the old content or the new, never a part."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with unfinished.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(path)
    sync_path(path.parent)


def move_durably(source: Path, target: Path) -> None:
    """Rename a file or folder on one file system; once it returns, the new name is on the disk."""
    source.rename(target)
    sync_path(target.parent)
    if source.parent != target.parent:
        sync_path(source.parent)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file ``path``; a second process waits. The system frees it if we die."""
    descriptor = _acquire(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _acquire(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _LOG.info("waiting for another process that runs the same step: %s", path.name)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _still_named(descriptor, path):
            return descriptor
        os.close(descriptor)  # its holder removed the file while we waited: lock the new one


def _still_named(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
