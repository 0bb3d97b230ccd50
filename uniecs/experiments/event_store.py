"""Events in the platform database: appended once, and never lost once acknowledged."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Engine,
    Float,
    Integer,
    Select,
    String,
    Table,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from uniecs.database import create_tables, metadata, open_database
from uniecs.errors import EventError
from uniecs.experiments.events import EVENT_COLUMNS, Event, EventType, table_of_columns
from uniecs.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

events_table = Table(
    "events",
    metadata,
    Column("event_id", String(200), primary_key=True),
    Column("type", String(20), nullable=False),
    Column("time", BigInteger, nullable=False, index=True),  # microseconds since 1970, UTC
    Column("query_id", String, index=True),
    Column("user_id", String),
    Column("session_id", String),
    Column("variant", String),
    Column("release", String, index=True),
    Column("product_id", String, nullable=False),
    Column("position", Integer),
    Column("price", Float),
    Column("quantity", Float, nullable=False),
    Column("currency", String(10)),
    Column("simulated", Boolean, nullable=False),
)
"""Events as stored; the columns are those of ``Event``."""

_CHUNK = 500  # rows a statement: 14 values each stay far below SQLite's cap of 32,766


class EventStore:
    """The log of events of one installation.

    Args:
        settings: Names the database: SQLite under UNIECS_HOME, or PostgreSQL by URL.

    Raises:
        ServiceUnavailable: When the database server does not answer.
    """

    def __init__(self, settings: Settings) -> None:
        self._engine: Engine = open_database(settings)
        create_tables(self._engine, events_table)

    def append(self, events: Iterable[Event]) -> int:
        """Store events in one transaction; when this returns, they are on disk.

        Returns:
            How many were new: an event that is already stored is counted once.

        Raises:
            EventError: When an id is used again for a different event; nothing of the batch is
                stored then.
        """
        rows: dict[str, dict[str, Any]] = {}
        for event in events:
            row = _to_row(event)
            _refuse_different(rows.setdefault(event.event_id, row), row)
        stored = 0
        with self._engine.begin() as connection:
            for chunk in _chunks(list(rows.values())):
                inserted = connection.execute(self._insert(chunk)).scalars().all()
                stored += len(inserted)
                known = rows.keys() & {row["event_id"] for row in chunk} - set(inserted)
                if known:
                    query = select(events_table).where(events_table.c.event_id.in_(known))
                    for old in connection.execute(query).mappings():
                        _refuse_different(dict(old), rows[old["event_id"]])
        return stored

    def read(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        release: str | None = None,
        types: Sequence[EventType] | None = None,
    ) -> "pd.DataFrame":
        """Stored events as one table of ``EVENT_COLUMNS``, oldest first.

        Args:
            since: First moment, included; with a time zone.
            until: Last moment, excluded; with a time zone.
            release: Only events that this release answered.
            types: Only these types.
        """
        query = select(events_table).order_by(events_table.c.time, events_table.c.event_id)
        query = _between(query, since, until)
        if release is not None:
            query = query.where(events_table.c.release == release)
        if types is not None:
            query = query.where(events_table.c.type.in_(types))
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        columns = {name: [getattr(row, name) for row in rows] for name in EVENT_COLUMNS}
        columns["time"] = [_from_micros(value) for value in columns["time"]]
        return table_of_columns(columns)

    def _insert(self, rows: list[dict[str, Any]]) -> Any:
        dialect = sqlite if self._engine.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(events_table).values(rows).on_conflict_do_nothing()
        return statement.returning(events_table.c.event_id)


def _between(query: Select[Any], since: datetime | None, until: datetime | None) -> Select[Any]:
    if since is not None:
        query = query.where(events_table.c.time >= _to_micros(since))
    if until is not None:
        query = query.where(events_table.c.time < _to_micros(until))
    return query


def _chunks(rows: list[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))


def _to_row(event: Event) -> dict[str, Any]:
    return {**event.model_dump(), "time": _to_micros(event.time)}


def _refuse_different(old: dict[str, Any], new: dict[str, Any]) -> None:
    differing = [name for name in EVENT_COLUMNS if old[name] != new[name]]
    if differing:
        name = differing[0]
        raise EventError(
            f"Event id {new['event_id']!r} is already used by another event ({name} is "
            f"{old[name]!r} there and {new[name]!r} here); give every event an id of its own."
        )


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _to_micros(moment: datetime) -> int:
    """Whole microseconds since 1970, exact (``timestamp()`` rounds through a float)."""
    delta = moment - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def _from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)
