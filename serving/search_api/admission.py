"""Searches off the event loop: a few at a time, some waiting, the rest refused at once."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from serving.search_api.refusals import Refused
from uniecs.search.deadline import Deadline

Result = TypeVar("Result")


class Admission:
    """Runs work in threads, within bounds.

    A thread cannot be stopped from outside. Work whose deadline passed keeps its place until it
    ends by itself, which a search does before its next stage; so there are never more threads
    than places.

    Args:
        max_running: Pieces of work at the same time.
        max_waiting: Pieces that wait for their turn.
    """

    def __init__(self, *, max_running: int, max_waiting: int) -> None:
        self._max_running = max_running
        self._max_waiting = max_waiting
        self._turn = asyncio.Semaphore(max_running)
        self._pieces: set[asyncio.Task[object]] = set()

    @property
    def admitted(self) -> int:
        """Pieces that run or wait."""
        return len(self._pieces)

    async def run(self, work: Callable[[], Result], deadline: Deadline) -> Result:
        """Do ``work`` in a thread.

        Raises:
            Refused: With 429, when all places are taken.
            DeadlineExceeded: When it did not end in time.
        """
        if self.admitted >= self._max_running + self._max_waiting:
            raise Refused(
                429,
                "busy",
                f"{self._max_running} searches run and {self._max_waiting} wait, which is the "
                "limit; try again in a moment.",
            )
        piece = asyncio.create_task(self._in_turn(work, deadline))
        self._pieces.add(piece)
        piece.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(deadline.remaining):
                return await asyncio.shield(piece)
        except TimeoutError:
            raise deadline.exceeded from None

    async def _in_turn(self, work: Callable[[], Result], deadline: Deadline) -> Result:
        try:
            async with asyncio.timeout(deadline.remaining):
                await self._turn.acquire()
        except TimeoutError:
            raise deadline.exceeded from None
        try:
            return await run_in_threadpool(work)
        finally:
            self._turn.release()

    def _ended(self, piece: asyncio.Task[object]) -> None:
        self._pieces.discard(piece)
        if not piece.cancelled():
            piece.exception()  # asked for, so that asyncio does not log it: it may quote the query
