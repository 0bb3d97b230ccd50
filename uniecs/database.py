"""The platform's relational database: SQLite under UNIECS_HOME, or PostgreSQL by URL.

Generations, releases, stage revisions and events live here because they need compare-and-set and
durable appends, which neither Milvus nor MLflow offers. One ``MetaData`` holds all tables; each
room declares its own.
"""

import re
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, MetaData, Table, create_engine, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    ProgrammingError,
)

from uniecs.errors import ServiceUnavailable, UsageError
from uniecs.settings import Settings

LOCK_SECONDS = 30.0
"""How long a process waits for another that writes to SQLite."""

_WRITABLE = "Check the permissions of the file and its folder, and space on the disk."
_FREE = "Another process has held it for too long; let that end, then try again."
_WHOLE = "It is damaged: put a copy back, or move it away to begin with an empty one."
_SQLITE_CURES = {
    sqlite3.SQLITE_BUSY: _FREE,
    sqlite3.SQLITE_LOCKED: _FREE,
    sqlite3.SQLITE_CORRUPT: _WHOLE,
    sqlite3.SQLITE_NOTADB: _WHOLE,
    sqlite3.SQLITE_CANTOPEN: _WRITABLE,
    sqlite3.SQLITE_FULL: _WRITABLE,
    sqlite3.SQLITE_IOERR: _WRITABLE,
    sqlite3.SQLITE_PERM: _WRITABLE,
    sqlite3.SQLITE_READONLY: _WRITABLE,
}
"""What to do about a failure of the file, by SQLite's primary result code."""

metadata = MetaData()
"""Tables of all rooms; each table is declared in the room that owns it."""


def open_database(settings: Settings) -> Engine:
    """Connect to the platform database; each room creates its own tables on first use.

    Every transaction on SQLite starts with ``BEGIN IMMEDIATE``, so that a read followed by a
    write in one transaction is atomic against other processes, as it is on PostgreSQL under a
    row lock.

    Raises:
        UsageError: When the URL is none, or its driver is not installed.
        ServiceUnavailable: When the server does not answer; from every later use also when the
            file is damaged, locked by another process or cannot be written.
    """
    engine = _engine(settings.database)
    event.listen(engine, "handle_error", lambda context: _explain(engine.url, context))
    if engine.dialect.name != "sqlite":
        with engine.connect():
            return engine
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def create_tables(engine: Engine, *tables: Table) -> None:
    """Create what is missing of ``tables``; two processes that start together both succeed."""
    try:
        metadata.create_all(engine, tables=tables)
    except (IntegrityError, ProgrammingError):  # PostgreSQL: another process was a moment faster
        metadata.create_all(engine, tables=tables)


def _engine(text: str) -> Engine:
    shown, why = _masked(text), ""
    cause: Exception
    try:
        url = make_url(text)
        if url.get_backend_name() != "sqlite":
            shown = _named(url)
            return create_engine(url, pool_pre_ping=True)
        shown = str(url)
        if url.database and url.database != ":memory:":
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        return create_engine(url, connect_args={"timeout": LOCK_SECONDS})
    except (ImportError, NoSuchModuleError) as error:  # these name the driver, nothing else
        why, cause = f" ({error})", error
    except (ArgumentError, ValueError) as error:
        cause = error
    raise UsageError(
        f"UNIECS_DATABASE_URL is {shown!r}, which SQLAlchemy cannot use{why}; give one such as "
        "postgresql+psycopg://USER:PASSWORD@HOST:5432/NAME, or unset it to use SQLite."
    ) from cause


def _masked(text: str) -> str:
    """A text that is no URL up to where a password might begin.

    Example:
        >>> _masked("postgresql//ann:secret@host/shop")
        'postgresql//ann:***'
    """
    return re.sub(r"^(\w[\w+]*://)?([^:@?]*[:@?]).*", r"\1\2***", text, flags=re.DOTALL)


def _named(url: URL) -> str:
    """A database as messages name it: without its password, or what else its query may hold."""
    if url.get_backend_name() == "sqlite":
        return url.database or ":memory:"
    return url.set(query={}).render_as_string(hide_password=True)


def _explain(url: URL, context: ExceptionContext) -> ServiceUnavailable | None:
    """The error to raise in place of SQLAlchemy's; None leaves that as it is."""
    failed, cure = context.original_exception, None
    if isinstance(failed, sqlite3.DatabaseError):
        cure = _SQLITE_CURES.get(getattr(failed, "sqlite_errorcode", 0) & 0xFF)
    elif isinstance(context.sqlalchemy_exception, OperationalError):
        cure = "Start it, or unset UNIECS_DATABASE_URL to use SQLite."
    if cure is None or context.is_pre_ping:  # a failed ping makes the pool connect anew
        return None
    said = " ".join(str(failed).split()).rstrip(".?")
    return ServiceUnavailable(f"The database {_named(url)} cannot be used: {said}. {cure}")


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_immediate, not by sqlite3
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # an acknowledged event survives a power cut


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
