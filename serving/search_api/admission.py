"""Searches off the event loop: a few at a time, some waiting, the rest refused at once."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from serving.search_api.refusals import Refused

Result = TypeVar("Result")


class Admission:
    """Runs work in threads, within bounds.

    Args:
        max_running: Pieces of work at the same time.
        max_waiting: Pieces that wait for their turn.

    Attributes:
        admitted: Pieces that run or wait.
    """

    def __init__(self, *, max_running: int, max_waiting: int) -> None:
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._turn = asyncio.Semaphore(max_running)
        self.admitted = 0

    async def run(self, work: Callable[[], Result]) -> Result:
        """Do ``work`` in a thread.

        Raises:
            Refused: With 429, when all places are taken.
        """
        if self.admitted >= self._max_running + self._max_waiting:
            raise Refused(
                429,
                "busy",
                f"{self._max_running} searches run and {self._max_waiting} wait, which is the "
                "limit; try again in a moment.",
            )
        self.admitted += 1
        try:
            async with self._turn:
                return await run_in_threadpool(work)
        finally:
            self.admitted -= 1
