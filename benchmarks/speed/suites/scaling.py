"""Does the cost of a row stay what it is, from 1,000 rows to 100,000?"""

import statistics
import time
from collections.abc import Callable
from typing import Any

from benchmarks.speed.cells import OURS, Cell, Measured, rows_of
from benchmarks.speed.processes import ArmFailed, Process
from benchmarks.speed.rows import Goal, Row

TRIALS = {1_000: 5, 10_000: 3, 100_000: 1}
"""Rows of the catalog, and how often each stage is run; the first run of the process counts."""

STAGES = ("read", "validate", "pair", "encode")
LINEAR = 1.25
"""Times the cost per row at a tenth of the rows."""


def measure_scaling(
    sizes: list[int],
    inputs: str,
    common: dict[str, Any],
    warn: Callable[[str], None],
    *,
    deadline: float,
) -> list[Row]:
    """Rows of every stage and size; each size is a process of its own.

    A size that would end after ``deadline`` (``time.monotonic``), going by the size before it, is
    left out with a warning.
    """
    per_row: dict[tuple[str, int], float] = {}
    rows: list[Row] = []
    for size in sizes:
        expected = TRIALS.get(size, 1) * size * sum(per_row.get((s, size // 10), 0) for s in STAGES)
        if time.monotonic() + expected > deadline:
            warn(f"scaling to {size:,} rows is left out: the budget has no room for it")
            continue
        try:
            measured = _measure(size, inputs)
        except ArmFailed as error:
            warn(f"scaling to {size} rows is not measured: {error}")
            continue
        for stage in STAGES:
            per_row[stage, size] = statistics.median(measured.seconds[OURS, stage]) / size
        rows += rows_of(_cell(size, inputs, per_row), measured, common)
    return rows


def _measure(size: int, inputs: str) -> Measured:
    process = Process(OURS, "scaling")
    try:
        process.prepare({"rows": size, "inputs": inputs})
        seconds = {
            (OURS, stage): [process.run(stage) for _ in range(TRIALS.get(size, 1))]
            for stage in STAGES
        }
        return Measured(seconds=seconds, facts={OURS: process.facts()})
    finally:
        process.close()


def _cell(size: int, inputs: str, per_row: dict[tuple[str, int], float]) -> Cell:
    def judge(_measured: Measured, stage: str) -> list[Goal]:
        before = per_row.get((stage, size // 10))
        if before is None:
            return []
        value = per_row[stage, size] / before
        name = f"of the cost per row at {size // 10:,} rows"
        return [Goal(name=name, value=value, bound=LINEAR, above=False)]

    return Cell(
        suite="scaling",
        size=f"{size:,} rows",
        arms=(OURS,),
        spec={"rows": size, "inputs": inputs},
        tasks=STAGES,
        items=size,
        judge=judge,
    )
