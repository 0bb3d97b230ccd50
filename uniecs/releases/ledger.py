"""Releases as stored: which exist, which is live, and which is about to be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from uniecs.database import create_tables
from uniecs.errors import RegistryError, StageConflict
from uniecs.releases.release import Release, State
from uniecs.releases.tables import history_table, pointer_table, release_table

Action = Literal["deploy", "rollback"]

_POINTER = 1


@dataclass(frozen=True, slots=True)
class Pointer:
    """Which release is live, and what was begun and is not finished.

    Attributes:
        intended: Release that a deployment or rollback is making live.
    """

    release_id: str | None
    revision: int
    intended: str | None
    intention: Action | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """One line of the history: ``release_id`` went live in place of ``before``."""

    revision: int
    action: Action
    release_id: str
    before: str | None
    actor: str
    time: str


class ReleaseLedger:
    """The releases of one installation.

    Args:
        engine: The platform database.
        clock: Gives the times that are written.
        actor: Whose changes these are.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime], actor: str) -> None:
        self._engine = engine
        self._clock = clock
        self._actor = actor
        create_tables(engine, release_table, pointer_table, history_table)
        self._insert_once(pointer_table, {"id": _POINTER, "revision": 0})

    def _insert_once(self, table: Any, row: Mapping[str, Any]) -> None:
        key = next(iter(table.primary_key))
        try:
            with self._engine.begin() as connection:
                known = select(key).where(key == row[key.name])
                if connection.execute(known).first() is None:
                    connection.execute(insert(table).values(**row))
        except IntegrityError:
            pass  # another process was a moment faster, with the same content

    def add(self, release: Release) -> Release:
        """Store a release; one that exists stays as it is."""
        self._insert_once(release_table, asdict(release))
        return self.get(release.release_id)

    def now(self) -> str:
        """The time as it is stored."""
        return self._clock().isoformat()

    def list(self) -> list[Release]:
        """All releases, oldest first."""
        query = select(release_table).order_by(release_table.c.created)
        with self._engine.begin() as connection:
            return [Release(**row) for row in connection.execute(query).mappings()]

    def get(self, ref: str) -> Release:
        """A release by its id or the unique beginning of it.

        Raises:
            RegistryError: When none or more than one fits.
        """
        releases = self.list()
        found = [release for release in releases if ref and release.release_id.startswith(ref)]
        if len(found) == 1:
            return found[0]
        known = ", ".join(release.release_id for release in found or releases) or "none yet"
        what = f"fits {len(found)} releases" if found else "is no release"
        raise RegistryError(f"{ref!r} {what}: {known}. `uniecs releases` lists them.")

    def pointer(self) -> Pointer:
        """Which release is live, and which is about to be."""
        with self._engine.begin() as connection:
            return _read_pointer(connection)

    def intend(self, release_id: str, action: Action, *, seen: int) -> None:
        """Write down what is about to happen, before anything is touched.

        Raises:
            StageConflict: When the pointer moved on from the revision ``seen``.
        """
        with self._engine.begin() as connection:
            self._set_pointer(connection, seen, intended=release_id, intention=action)

    def abandon(self) -> None:
        """Forget what was intended."""
        with self._engine.begin() as connection:
            connection.execute(update(pointer_table).values(intended=None, intention=None))

    def finish(self, pointer: Pointer) -> Release:
        """Make the intended release live: states, history and pointer in one transaction.

        Raises:
            StageConflict: When another deployment finished in the meantime.
        """
        if pointer.intended is None or pointer.intention is None:
            raise RegistryError("No deployment is under way, so there is none to finish.")
        target, revision = pointer.intended, pointer.revision + 1
        with self._engine.begin() as connection:
            self._set_pointer(
                connection,
                pointer.revision,
                release_id=target,
                revision=revision,
                intended=None,
                intention=None,
            )
            if pointer.release_id is not None:
                left: State = "rolled back" if pointer.intention == "rollback" else "superseded"
                _set_release(connection, pointer.release_id, state=left)
            _set_release(connection, target, state="live", revision=revision)
            connection.execute(
                insert(history_table).values(
                    revision=revision,
                    action=pointer.intention,
                    release_id=target,
                    before=pointer.release_id,
                    actor=self._actor,
                    time=self.now(),
                )
            )
        return self.get(target)

    def _set_pointer(self, connection: Connection, seen: int, **values: Any) -> None:
        done = connection.execute(
            update(pointer_table).where(pointer_table.c.revision == seen).values(**values)
        )
        if done.rowcount != 1:
            live = _read_pointer(connection).release_id
            raise StageConflict(
                f"Release {values.get('intended') or values.get('release_id')} was not deployed: "
                f"{live} went live in the meantime. Look at `uniecs releases` and decide again."
            )

    def history(self) -> Sequence[Deployment]:
        """All deployments and rollbacks, oldest first."""
        columns = [column for column in history_table.c if column.name != "seq"]
        query = select(*columns).order_by(history_table.c.seq)
        with self._engine.begin() as connection:
            return [Deployment(**row) for row in connection.execute(query).mappings()]


def deployed_line(history: Sequence[Deployment]) -> list[str]:
    """Releases in the order in which they went live, without those that were rolled back."""
    line: list[str] = []
    for deployment in history:
        if deployment.action == "rollback":
            line.pop()
        if line[-1:] != [deployment.release_id]:
            line.append(deployment.release_id)
    return line


def _read_pointer(connection: Connection) -> Pointer:
    columns = [column for column in pointer_table.c if column.name != "id"]
    return Pointer(**connection.execute(select(*columns)).mappings().one())


def _set_release(connection: Connection, release_id: str, **values: Any) -> None:
    where = release_table.c.release_id == release_id
    connection.execute(update(release_table).where(where).values(**values))
