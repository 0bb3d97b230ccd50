"""Encoding: ours against the peers on texts, pictures, both, and a mixed list."""

import statistics

from benchmarks.speed.cells import OURS, Cell, Measured
from benchmarks.speed.lists import BATCH, MIX
from benchmarks.speed.rows import Goal
from benchmarks.speed.sizes import SIZES
from benchmarks.speed.summary import ratio

FASTER = 1.2
"""Times the best peer."""

MIXED_SHARE = 0.9
"""Of the rate that the single kinds predict."""


def cells(sizes: list[str], inputs: str, arms: tuple[str, ...]) -> list[Cell]:
    """One cell per tower size and precision; bfloat16 where the processor has it."""
    from uniecs.encoder.attention import HAS_BFLOAT16  # torch: only when something is measured

    precisions = ["float32", *(["bfloat16"] if HAS_BFLOAT16 else [])]
    return [
        Cell(
            suite="encode",
            size=name,
            arms=arms,
            spec={
                "size": name,
                "inputs": inputs,
                "items": SIZES[name].items,
                "batch": BATCH,
                "precision": precision,
            },
            tasks=("text", "image", "both", "mixed"),
            items=SIZES[name].items,
            judge=judge,
        )
        for name in sizes
        for precision in precisions
    ]


def judge(measured: Measured, task: str) -> list[Goal]:
    """At least 1.2 times the best peer; a mixed list nearly as fast as its parts."""
    goals: list[Goal] = []
    if not measured.judgeable(task):
        return goals
    if measured.peers:
        best = min(measured.peers, key=lambda arm: statistics.median(measured.seconds[arm, task]))
        found = ratio(measured.seconds[best, task], measured.seconds[OURS, task])
        goals.append(
            Goal(
                name=f"times as fast as {best}",
                value=found.ratio,
                bound=FASTER,
                above=True,
                interval=(found.low, found.high),
            )
        )
    if task == "mixed":
        median = {kind: statistics.median(measured.seconds[OURS, kind]) for kind in (*MIX, "mixed")}
        expected = sum(share * median[kind] for kind, share in MIX.items())
        share = expected / median["mixed"]
        goals.append(
            Goal(name="of the weighted single rates", value=share, bound=MIXED_SHARE, above=True)
        )
    return goals
