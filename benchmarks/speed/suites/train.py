"""A training step: ours against open_clip's ClipLoss and sentence_transformers' cached loss."""

import statistics

from benchmarks.speed.cells import OURS, Cell, Measured
from benchmarks.speed.rows import Goal
from benchmarks.speed.summary import ratio

BATCHES = (16, 64)
OVER_FLOPS = 1.15
LOSS_SHARE = 0.03
MEMORY = 1.10
YARDSTICK = "open_clip"


def cells(sizes: list[str], inputs: str, arms: tuple[str, ...]) -> list[Cell]:
    """One cell per tower size and batch."""
    return [
        Cell(
            suite="train",
            size=size,
            arms=arms,
            spec={"size": size, "inputs": inputs, "batch": batch, "precision": "float32"},
            tasks=("step",),
            own_tasks=("loss",),
            items=batch,
            judge=judge,
        )
        for size in sizes
        for batch in BATCHES
    ]


def judge(measured: Measured, task: str) -> list[Goal]:
    """Time against what FLOPs predict, memory, and the share of the loss."""
    if not measured.judgeable(task):
        return []
    if task == "loss":
        loss, step = (statistics.median(measured.seconds[OURS, t]) for t in ("loss", "step"))
        return [Goal(name="of the step", value=loss / step, bound=LOSS_SHARE, above=False)]
    goals = []
    ours = measured.facts[OURS]
    for peer in measured.peers:
        more = ours["flops"] / measured.facts[peer]["flops"]
        found = ratio(measured.seconds[OURS, task], measured.seconds[peer, task]).times(1 / more)
        goals.append(
            Goal(
                name=f"of the time that {more:.2f} x the FLOPs of {peer} predict",
                value=found.ratio,
                bound=OVER_FLOPS,
                above=False,
                interval=(found.low, found.high),
            )
        )
    if YARDSTICK in measured.facts:
        memory = ours["peak_mb"] / measured.facts[YARDSTICK]["peak_mb"]
        goals.append(
            Goal(name=f"of the peak memory of {YARDSTICK}", value=memory, bound=MEMORY, above=False)
        )
    return goals
