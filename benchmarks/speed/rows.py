"""One JSON row per result, appended to a file; the last run's rows are what a report shows."""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from benchmarks.speed.summary import Ratio, Timing

RESULTS = Path(__file__).parents[1] / "results" / "speed.jsonl"


class Goal(BaseModel):
    """A figure, what it should be, and whether it is.

    Attributes:
        above: Whether the value should be at least the bound, or at most.
        interval: 95 % interval of the value, where trials give one.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    value: float
    bound: float
    above: bool
    interval: tuple[float, float] | None = None

    @property
    def met(self) -> bool:
        """Whether the value is on the right side of the bound."""
        return self.value >= self.bound if self.above else self.value <= self.bound


class Row(BaseModel):
    """One arm on one task of one cell.

    Attributes:
        run: When the run began, UTC; its rows share it.
        case: What was measured, such as ``step, batch 16`` or ``mixed``.
        failure: Why an arm could not be run; it then has no figures.
        items: Items of one trial.
        spread: A against A, from the trials of this arm alone.
        against: Seconds of each peer over ours.
        idle: False when the machine was busy before the run: not for publication.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    suite: str
    size: str
    case: str
    arm: str
    failure: str = ""
    items: int = 0
    batch: int = 0
    precision: str = ""
    seconds: Timing | None = None
    spread: Ratio | None = None
    against: dict[str, Ratio] = {}
    goals: list[Goal] = []
    facts: dict[str, Any] = {}
    machine: dict[str, Any]
    threads: int
    versions: dict[str, str] = {}
    commit: str
    idle: bool
    busy_before: float
    load_before: float
    load_after: float

    @property
    def per_second(self) -> float:
        """Items per second at the median."""
        return self.items / self.seconds.median if self.seconds else 0.0


def append(rows: Iterable[Row], path: Path) -> None:
    """Add rows to a results file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as stream:
        stream.writelines(row.model_dump_json() + "\n" for row in rows)


def last_run(path: Path) -> list[Row]:
    """Rows of the run that wrote last; empty when there is none."""
    rows = _rows(path)
    return [row for row in rows if row.run == rows[-1].run]


def last_runs(path: Path) -> list[list[Row]]:
    """The last run of every suite: rows by run, in order; what a later run repeated is left out."""
    rows = _rows(path)
    newest = {row.suite: row.run for row in rows}
    kept = [row for row in rows if row.run == newest[row.suite]]
    return [list(found) for _, found in groupby(kept, key=lambda row: row.run)]


def _rows(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    return [Row.model_validate_json(line) for line in path.read_text().splitlines()]
