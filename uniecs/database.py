"""The platform's relational database: SQLite under UNIECS_HOME, or PostgreSQL by URL.

Generations, releases, stage revisions and events live here because they need compare-and-set and
durable appends, which neither Milvus nor MLflow offers. One ``MetaData`` holds all tables; each
room declares its own.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, Table, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError

from uniecs.errors import ServiceUnavailable
from uniecs.settings import Settings

metadata = MetaData()
"""Tables of all rooms; each table is declared in the room that owns it."""


def open_database(settings: Settings) -> Engine:
    """Connect to the platform database; each room creates its own tables on first use.

    Every transaction on SQLite starts with ``BEGIN IMMEDIATE``, so that a read followed by a
    write in one transaction is atomic against other processes, as it is on PostgreSQL under a
    row lock.

    Raises:
        ServiceUnavailable: When the server does not answer.
    """
    url = make_url(settings.database)
    if url.get_backend_name() != "sqlite":
        engine = create_engine(url, pool_pre_ping=True)
        _probe(engine)
        return engine
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30.0})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def create_tables(engine: Engine, *tables: Table) -> None:
    """Create what is missing of ``tables``; two processes that start together both succeed."""
    try:
        metadata.create_all(engine, tables=tables)
    except (IntegrityError, ProgrammingError):  # PostgreSQL: another process was a moment faster
        metadata.create_all(engine, tables=tables)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_immediate, not by sqlite3
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # an acknowledged event survives a power cut


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _probe(engine: Engine) -> None:
    try:
        with engine.connect():
            pass
    except OperationalError as error:
        raise ServiceUnavailable(
            f"The database {engine.url!r} does not answer: {error.orig}. "
            "Start it, or unset UNIECS_DATABASE_URL to use SQLite."
        ) from error
