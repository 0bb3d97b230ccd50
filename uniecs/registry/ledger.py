"""Stages as stored: who is where, how each got there, and one change at a time."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from uniecs.database import create_tables
from uniecs.registry.stage_tables import board_table, history_table, state_table
from uniecs.registry.stages import STAGES, Stage

Reason = Literal["promoted", "replaced", "rolled back", "restored", "archived"]

_BOARD = 1


@dataclass(frozen=True, slots=True)
class Board:
    """Who is in which stage at one revision.

    Attributes:
        entered: Version -> (stage, revision at which it got there); a version that never moved
            is absent.
    """

    revision: int
    entered: Mapping[str, tuple[Stage, int]]

    def stage(self, version: str) -> Stage:
        """Stage of a version."""
        return self.entered[version][0] if version in self.entered else "none"

    def latest(self, stage: Stage) -> str | None:
        """The version that entered ``stage`` last and is still there."""
        holders = [(rev, version) for version, (at, rev) in self.entered.items() if at == stage]
        return max(holders)[1] if holders else None

    @property
    def production(self) -> str | None:
        """The version in production; there is at most one."""
        return self.latest("production")


@dataclass(frozen=True, slots=True)
class Move:
    """One version goes to one stage, for a reason and perhaps with a gate's report."""

    version: str
    stage: Stage
    reason: Reason
    gate: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class StageChange:
    """One line of the history.

    Attributes:
        gate_digest: sha256 of the gate's report, when the move needed one.
        time: ISO 8601 in UTC.
    """

    revision: int
    version: str
    from_stage: Stage
    to_stage: Stage
    reason: Reason
    gate_digest: str | None
    gate_report: Mapping[str, Any] | None = field(repr=False)
    actor: str
    time: str


class StageLedger:
    """The stages of one installation.

    Args:
        engine: The platform database.
        clock: Gives the time written into the history.
        actor: Whose changes these are.
    """

    def __init__(self, engine: Engine, *, clock: Callable[[], datetime], actor: str) -> None:
        self._engine = engine
        self._clock = clock
        self._actor = actor
        create_tables(engine, board_table, state_table, history_table)
        self._create_board()

    def _create_board(self) -> None:
        try:
            with self._engine.begin() as connection:
                if connection.execute(select(board_table)).first() is None:
                    connection.execute(
                        insert(board_table).values(id=_BOARD, revision=0, mirrored=0)
                    )
        except IntegrityError:
            pass  # another process was a moment faster

    def board(self) -> Board:
        """Who is where now."""
        with self._engine.begin() as connection:
            return _read_board(connection)

    def change(self, decide: Callable[[Board], Sequence[Move]]) -> Board:
        """Ask ``decide`` what to move and move it, alone: other changes wait for this one.

        ``decide`` sees the board as it is under the lock and may raise to leave all as it was.
        """
        with self._engine.begin() as connection:
            _lock(connection)
            moves = decide(_read_board(connection))
            if moves:
                revision = board_table.c.revision + 1
                connection.execute(update(board_table).values(revision=revision))
            for move in moves:
                self._write(connection, _read_board(connection), move)
            return _read_board(connection)

    def _write(self, connection: Connection, board: Board, move: Move) -> None:
        entry = {"stage": move.stage, "revision": board.revision}
        if move.version in board.entered:
            where = state_table.c.version == move.version
            connection.execute(update(state_table).where(where).values(**entry))
        else:
            connection.execute(insert(state_table).values(version=move.version, **entry))
        report = None if move.gate is None else json.dumps(move.gate, sort_keys=True)
        connection.execute(
            insert(history_table).values(
                revision=board.revision,
                version=move.version,
                from_stage=board.stage(move.version),
                to_stage=move.stage,
                reason=move.reason,
                gate_passed=None if move.gate is None else bool(move.gate["passed"]),
                gate_digest=None if report is None else hashlib.sha256(report.encode()).hexdigest(),
                gate_report=report,
                actor=self._actor,
                time=self._clock().isoformat(),
            )
        )

    def history(self) -> list[StageChange]:
        """All changes, oldest first."""
        query = select(history_table).order_by(history_table.c.seq)
        with self._engine.begin() as connection:
            return [_to_change(row) for row in connection.execute(query).mappings()]

    def unmirrored(self) -> Board | None:
        """The board, when MLflow does not show it yet."""
        with self._engine.begin() as connection:
            row = connection.execute(select(board_table)).one()
            return None if row.mirrored == row.revision else _read_board(connection)

    def mark_mirrored(self, board: Board) -> None:
        """Remember that MLflow shows ``board``; does nothing when stages moved on since."""
        with self._engine.begin() as connection:
            connection.execute(
                update(board_table)
                .where(board_table.c.revision == board.revision)
                .values(mirrored=board.revision)
            )


def production_line(history: Sequence[StageChange]) -> list[str]:
    """Versions in the order in which they held production, without those that were rolled back."""
    line: list[str] = []
    for change in history:
        if change.to_stage == "production":
            if line[-1:] != [change.version]:
                line.append(change.version)
        elif change.reason == "rolled back" and line[-1:] == [change.version]:
            line.pop()
    return line


def _lock(connection: Connection) -> None:
    """Let other changes wait: a row lock on PostgreSQL; SQLite is locked by BEGIN IMMEDIATE."""
    connection.execute(update(board_table).values(revision=board_table.c.revision))


def _read_board(connection: Connection) -> Board:
    revision = connection.execute(select(board_table.c.revision)).scalar_one()
    rows = connection.execute(select(state_table)).all()
    return Board(
        revision=revision,
        entered={row.version: (_stage(row.stage), row.revision) for row in rows},
    )


def _stage(name: str) -> Stage:
    return STAGES[STAGES.index(cast(Stage, name))]


def _to_change(row: Mapping[Any, Any]) -> StageChange:
    report = row["gate_report"]
    return StageChange(
        revision=row["revision"],
        version=row["version"],
        from_stage=_stage(row["from_stage"]),
        to_stage=_stage(row["to_stage"]),
        reason=row["reason"],
        gate_digest=row["gate_digest"],
        gate_report=None if report is None else json.loads(report),
        actor=row["actor"],
        time=row["time"],
    )
