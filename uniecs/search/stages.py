"""Where the time of one search goes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from uniecs.search.deadline import Deadline

STAGES = ("encode", "dense", "lexical", "features", "total")


class StageClock:
    """Milliseconds per stage; a stage measured twice adds up, none begins after the deadline."""

    def __init__(self, deadline: Deadline | None) -> None:
        self._deadline = deadline
        self._start = time.perf_counter()
        self._spent = dict.fromkeys(STAGES, 0.0)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the time of a block to a stage.

        Raises:
            DeadlineExceeded: When the deadline passed before the block.
        """
        if self._deadline is not None:
            self._deadline.check()
        start = time.perf_counter()
        yield
        self._spent[stage] += time.perf_counter() - start

    def milliseconds(self) -> dict[str, float]:
        """Spent so far, by stage."""
        self._spent["total"] = time.perf_counter() - self._start
        return {stage: round(1000 * seconds, 2) for stage, seconds in self._spent.items()}
