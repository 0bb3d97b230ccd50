"""Batches made one ahead, so that the device seldom waits for pixels."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

Task = TypeVar("Task")
Made = TypeVar("Made")

AHEAD = 2
"""Batches that are made, or being made, beside the one that is worked on."""


@dataclass
class Waiting:
    """How a run spent the time of its steps; validations, minings and checkpoints are no part.

    Attributes:
        seconds: Spent waiting for batches.
        worked: Spent on the batches, in seconds.
    """

    seconds: float = 0.0
    worked: float = 0.0

    @property
    def share(self) -> float:
        """Share of the time that went into waiting."""
        return self.seconds / max(1e-9, self.seconds + self.worked)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count what is done inside as work on a batch."""
        began = time.monotonic()
        yield
        self.worked += time.monotonic() - began


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
