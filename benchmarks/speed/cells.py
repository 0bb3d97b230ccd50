"""One cell: build the arms, let them take turns, and make a row of each result."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from benchmarks.speed.machine import load
from benchmarks.speed.processes import THREADS, ArmFailed, Process, processes
from benchmarks.speed.rounds import Effort, take_turns
from benchmarks.speed.rows import Goal, Row
from benchmarks.speed.summary import Timing, own_spread, ratio

OURS = "uniecs"

ENOUGH = 4
"""Trials without which a comparison is shown and not judged."""


@dataclass
class Measured:
    """What a cell's trials gave, before it is judged.

    Attributes:
        seconds: Seconds of the trials, by (arm, task).
        facts: What each arm said after its trials.
        failures: Why an arm has none.
    """

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def judgeable(self, task: str) -> bool:
        """Whether there are enough trials to say that a goal is met or missed."""
        return len(self.seconds[OURS, task]) >= ENOUGH

    @property
    def peers(self) -> list[str]:
        """Arms that were measured, without ours."""
        return [arm for arm in self.facts if arm != OURS]


Judge = Callable[[Measured, str], list[Goal]]
"""Goals of our result in one task."""


@dataclass(frozen=True)
class Cell:
    """What is measured together.

    Attributes:
        spec: Handed to every arm.
        tasks: Tasks that all arms run; the first is what rows are named by.
        items: Items of one trial.
        own_tasks: Tasks that only ours runs, after the others.
        judge: Goals of ours.
    """

    suite: str
    size: str
    arms: tuple[str, ...]
    spec: dict[str, Any]
    tasks: tuple[str, ...]
    items: int
    judge: Judge
    own_tasks: tuple[str, ...] = ()


def measure(cell: Cell, effort: Effort, warn: Callable[[str], None]) -> Measured:
    """Run a cell; an arm that fails is left out, and the others are measured without it."""
    with processes(list(cell.arms), cell.suite) as (started, failures):
        spec = dict(cell.spec)
        for arm, process in list(started.items()):
            try:
                spec |= process.prepare(spec)
                for task in cell.tasks:
                    process.run(task)
            except ArmFailed as error:
                failures[arm] = str(error)
                started.pop(arm).close()
        for arm, why in failures.items():
            warn(f"{arm} is not measured: {why}")
        if not started:
            return Measured(failures=failures)
        seconds = take_turns(_trials(started), cell.tasks, effort)
        facts = {arm: process.facts() for arm, process in started.items()}
        if OURS in started and cell.own_tasks:
            ours = {OURS: started[OURS].run}
            seconds |= take_turns(ours, cell.own_tasks, effort)
        return Measured(seconds, facts, failures)


def _trials(started: dict[str, Process]) -> dict[str, Callable[[str], float]]:
    return {arm: process.run for arm, process in started.items()}


def rows_of(cell: Cell, measured: Measured, common: dict[str, Any]) -> list[Row]:
    """One row per arm and task, and one for each arm that could not be run."""
    shared = {
        **common,
        "suite": cell.suite,
        "size": cell.size,
        "batch": cell.spec.get("batch", 0),
        "threads": THREADS,
        "load_after": load(),
    }
    rows = [Row(case="", arm=arm, failure=why, **shared) for arm, why in measured.failures.items()]
    for (arm, task), seconds in measured.seconds.items():
        facts = dict(measured.facts[arm])
        own = seconds if arm == OURS else None
        rows.append(
            Row(
                case=task,
                arm=arm,
                items=cell.items,
                precision=facts.pop("precision", ""),
                seconds=Timing.of(seconds),
                spread=own_spread(seconds),
                against=_against(measured, task) if own else {},
                goals=cell.judge(measured, task) if own else [],
                versions=facts.pop("versions"),
                facts=facts,
                **shared,
            )
        )
    return rows


def _against(measured: Measured, task: str) -> dict[str, Any]:
    ours = measured.seconds[OURS, task]
    return {
        arm: ratio(measured.seconds[arm, task], ours)
        for arm in measured.peers
        if (arm, task) in measured.seconds
    }
