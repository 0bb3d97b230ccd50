"""The record of generations in the platform database: states move by compare-and-set."""

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Column, DateTime, Engine, Integer, String, Table, Text, select, update
from sqlalchemy.exc import IntegrityError

from uniecs.database import create_tables, metadata, open_database
from uniecs.errors import GenerationError
from uniecs.settings import Settings

State = Literal["building", "verifying", "warm", "live", "draining", "retired"]

MOVES: dict[str, tuple[str, ...]] = {
    "building": ("verifying", "retired"),
    "verifying": ("warm", "retired"),
    "warm": ("verifying", "live", "retired"),
    "live": ("draining",),
    "draining": ("live", "verifying", "retired"),
    "retired": (),
}
"""States and where they may go."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One built collection of vectors.

    Attributes:
        id: Name for people and JSON, like ``g-20261122-1``.
        state: Where it is on its way (DESIGN contract 4).
        tenant: Whose products it holds.
        collection: Name of its Milvus collection.
        rows: Number of rows when complete.
        loaded: Rows acknowledged so far; a killed build goes on from here.
        view: Label of the view that was embedded: I, T or IT.
        embeddings: Folder of the vectors it was built from.
        model_folder: Folder of the model, if it was known at build time.
        replaced: Generation that was live before this one.
        report: Last verification, or None.
    """

    id: str
    state: State
    tenant: str
    collection: str
    rows: int
    loaded: int
    model_version: str
    processor_digest: str
    dim: int
    metric: str
    view: str
    catalog_digest: str
    schema_hash: str
    embeddings: str
    model_folder: str
    replaced: str
    created: datetime
    report: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """What `uniecs index list --json` shows."""
        facts = dataclasses.asdict(self)
        facts["generation"] = facts.pop("id")
        facts["created"] = self.created.isoformat()
        for name in ("loaded", "report", "embeddings", "model_folder", "collection"):
            del facts[name]
        first = ("generation", "state", "rows", "model_version", "created")
        return {name: facts[name] for name in first} | facts


_generations = Table(
    "generations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("tenant", String(128), nullable=False),
    Column("collection", String(128), nullable=False, unique=True),
    Column("rows", Integer, nullable=False),
    Column("loaded", Integer, nullable=False),
    Column("model_version", String(64), nullable=False),
    Column("processor_digest", String(64), nullable=False),
    Column("dim", Integer, nullable=False),
    Column("metric", String(16), nullable=False),
    Column("view", String(2), nullable=False),
    Column("catalog_digest", String(64), nullable=False),
    Column("schema_hash", String(64), nullable=False),
    Column("embeddings", Text, nullable=False),
    Column("model_folder", Text, nullable=False),
    Column("replaced", String(64), nullable=False),
    Column("created", DateTime(timezone=True), nullable=False),
    Column("report", Text),
)


class Ledger:
    """Generations of one tenant, newest last."""

    def __init__(self, settings: Settings) -> None:
        self._engine: Engine = open_database(settings)
        self._tenant = settings.tenant
        create_tables(self._engine, _generations)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def add(self, generation: Generation) -> None:
        """Record a new generation.

        Raises:
            GenerationError: When the id is taken.
        """
        try:
            with self._engine.begin() as connection:
                connection.execute(_generations.insert().values(**_columns(generation)))
        except IntegrityError as error:
            raise GenerationError(
                f"Generation {generation.id} exists already; build again for a new id."
            ) from error

    def list(self) -> list[Generation]:
        """All generations, in the order in which they were created."""
        query = (
            select(_generations)
            .where(_generations.c.tenant == self._tenant)
            .order_by(_generations.c.created, _generations.c.id)
        )
        with self._engine.connect() as connection:
            return [_generation(row) for row in connection.execute(query).mappings()]

    def ids(self) -> set[str]:
        """Ids in use by any tenant."""
        with self._engine.connect() as connection:
            return set(connection.execute(select(_generations.c.id)).scalars())

    def get(self, ref: str) -> Generation:
        """A generation by id.

        Raises:
            GenerationError: When there is none of this id.
        """
        for generation in self.list():
            if generation.id == ref:
                return generation
        known = ", ".join(g.id for g in self.list()) or "none"
        raise GenerationError(f"There is no generation {ref!r}; there are: {known}.")

    def by_collection(self, collection: str) -> Generation | None:
        """The generation that a collection belongs to."""
        query = select(_generations).where(_generations.c.collection == collection)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return _generation(row) if row else None

    def move(self, ref: str, *, to: State, source: str | None = None, **facts: Any) -> Generation:
        """Change a state by compare-and-set.

        Args:
            ref: Generation id.
            to: The new state.
            source: The state it must be in; the one just read by default.
            facts: Other columns to set in the same transaction.

        Raises:
            GenerationError: When the move is not allowed, or another process moved it first.
        """
        current = self.get(ref)
        before = source or current.state
        if to not in MOVES[before]:
            raise GenerationError(f"Generation {ref} is {before}: it cannot become {to}.")
        statement = (
            update(_generations)
            .where(_generations.c.id == ref, _generations.c.state == before)
            .values(state=to, **_encoded(facts))
        )
        with self._engine.begin() as connection:
            changed = connection.execute(statement).rowcount
        if changed != 1:
            raise GenerationError(
                f"Generation {ref} is {self.get(ref).state}, no longer {before}: another process "
                "changed it. Look with `uniecs index list`."
            )
        return self.get(ref)

    def set(self, ref: str, **facts: Any) -> None:
        """Set columns other than the state."""
        with self._engine.begin() as connection:
            connection.execute(
                update(_generations).where(_generations.c.id == ref).values(**_encoded(facts))
            )

    def go_live(self, ref: str, *, replaced: str | None = None) -> None:
        """Make the ledger say what the alias says: ``ref`` is live and nothing else is.

        Args:
            ref: The generation that the alias points at.
            replaced: Sets its predecessor; None leaves the recorded one.
        """
        values: dict[str, Any] = {"state": "live"}
        if replaced is not None:
            values["replaced"] = replaced
        with self._engine.begin() as connection:
            connection.execute(
                update(_generations)
                .where(
                    _generations.c.tenant == self._tenant,
                    _generations.c.state == "live",
                    _generations.c.id != ref,
                )
                .values(state="draining")
            )
            connection.execute(update(_generations).where(_generations.c.id == ref).values(values))


def next_id(taken: set[str], clock: Callable[[], datetime]) -> str:
    """The next free id of the day.

    Example:
        >>> next_id({"g-20261122-1"}, lambda: datetime(2026, 11, 22, tzinfo=UTC))
        'g-20261122-2'
    """
    day = clock().astimezone(UTC).strftime("%Y%m%d")
    number = 1
    while f"g-{day}-{number}" in taken:
        number += 1
    return f"g-{day}-{number}"


def _columns(generation: Generation) -> dict[str, Any]:
    return _encoded(dataclasses.asdict(generation))


def _encoded(facts: dict[str, Any]) -> dict[str, Any]:
    if facts.get("report") is not None:
        return facts | {"report": json.dumps(facts["report"])}
    return facts


def _generation(row: Any) -> Generation:
    facts = dict(row)
    facts["report"] = json.loads(facts["report"]) if facts["report"] else None
    if facts["created"].tzinfo is None:  # SQLite keeps no time zone
        facts["created"] = facts["created"].replace(tzinfo=UTC)
    return Generation(**facts)
