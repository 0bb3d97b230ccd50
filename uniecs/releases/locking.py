"""One deployment at a time; the lock dies with its holder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

from uniecs.settings import Settings

_ADVISORY_KEY = 0x756E69656373  # any number, the same in every process: "uniecs"


@contextmanager
def deployment_lock(engine: Engine, settings: Settings, *, wait: bool) -> Iterator[bool]:
    """Hold the right to deploy: on this machine, or on all that share a PostgreSQL server.

    Args:
        engine: The platform database.
        settings: Says where the lock file is.
        wait: Whether to wait for a deployment that is under way.

    Yields:
        Whether the lock is held; always true when waiting.
    """
    if engine.dialect.name == "postgresql":
        with engine.connect() as connection:  # the lock belongs to this connection
            how = "pg_advisory_lock" if wait else "pg_try_advisory_lock"
            got = connection.execute(text(f"SELECT {how}({_ADVISORY_KEY})")).scalar()
            try:
                yield wait or bool(got)
            finally:
                if wait or got:
                    connection.execute(text(f"SELECT pg_advisory_unlock({_ADVISORY_KEY})"))
        return
    settings.root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(settings.root / ".release.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)
