"""Lets the arms take turns: A B C, A B C, until each task has been seen often or long enough."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Trial = Callable[[str], float]
"""Runs a named task once and returns its seconds."""

WARM_UP = 3


@dataclass(frozen=True, slots=True)
class Effort:
    """When a task has been measured enough.

    Attributes:
        trials: Trials of every arm.
        seconds: Seconds of measured trials of the slowest arm; then fewer trials are enough.
        deadline: Moment (``time.monotonic``) after which only what was never measured is run.
    """

    trials: int = 20
    seconds: float = 60.0
    deadline: float = float("inf")


def take_turns(
    arms: Mapping[str, Trial], tasks: Sequence[str], effort: Effort
) -> dict[tuple[str, str], list[float]]:
    """Seconds by (arm, task), the same number of trials for every arm of a task.

    Args:
        arms: What runs a task, by name; they take turns in this order.
        tasks: One after the other within a round.
        effort: When to stop. Warm-up trials are run first and not counted; past the deadline one
            is enough.
    """
    seconds: dict[tuple[str, str], list[float]] = {(a, t): [] for t in tasks for a in arms}
    for done in range(WARM_UP):
        if done and time.monotonic() > effort.deadline:
            break
        for task in tasks:
            for trial in arms.values():
                trial(task)
    open_tasks = list(tasks)
    while open_tasks:
        for task in open_tasks:
            for name, trial in arms.items():
                seconds[name, task].append(trial(task))
        open_tasks = [
            task for task in open_tasks if not _enough([seconds[a, task] for a in arms], effort)
        ]
    return seconds


def _enough(of_arms: list[list[float]], effort: Effort) -> bool:
    slowest = max(sum(trials) for trials in of_arms)
    return (
        len(of_arms[0]) >= effort.trials
        or slowest >= effort.seconds
        or time.monotonic() > effort.deadline
    )
