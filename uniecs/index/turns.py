"""Writers of one ``UNIECS_HOME`` take turns; a lock dies with its holder."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from uniecs.settings import Settings


@contextlib.contextmanager
def turn(settings: Settings, what: str, *, wait: bool = True) -> Iterator[bool]:
    """Do something that only one process does at a time.

    Args:
        settings: Says where locks lie.
        what: What is done.
        wait: Whether to wait for another process that does it now.

    Yields:
        Whether it is our turn; always true when waiting.
    """
    path = turn_file(settings, what)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        ours = True
        try:
            fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            ours = False
        yield ours


def turn_file(settings: Settings, what: str) -> Path:
    """The lock of one kind of work."""
    return settings.root / "index" / f"{what}.lock"
