"""Batches made one ahead, so that the device seldom waits for pixels."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

Task = TypeVar("Task")
Made = TypeVar("Made")

AHEAD = 2
"""Batches that are made, or being made, beside the one that is worked on."""


@dataclass
class Waiting:
    """How a run spent its time.

    Attributes:
        seconds: Spent waiting for a batch.
        started: When counting began, by the monotonic clock.
    """

    seconds: float = 0.0
    started: float = field(default_factory=time.monotonic)

    @property
    def share(self) -> float:
        """Share of the time since the start that went into waiting."""
        return self.seconds / max(1e-9, time.monotonic() - self.started)


def made_ahead(
    tasks: Sequence[Task], make: Callable[[Task], Made], waiting: Waiting
) -> Iterator[Made]:
    """``make`` of each task in order; the next are made in a thread while one is worked on."""
    with ThreadPoolExecutor(1) as worker:
        queue: list[Future[Made]] = [worker.submit(make, task) for task in tasks[:AHEAD]]
        try:
            for number in range(len(tasks)):
                began = time.monotonic()
                made = queue.pop(0).result()
                waiting.seconds += time.monotonic() - began
                if number + AHEAD < len(tasks):
                    queue.append(worker.submit(make, tasks[number + AHEAD]))
                yield made
        finally:
            for future in queue:
                future.cancel()
