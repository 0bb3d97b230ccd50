"""Readiness: a real search of the live generation works."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from uniecs.errors import ServiceUnavailable, UniECSError
from uniecs.search.engine import SearchEngine
from uniecs.search.request import SearchRequest, SearchResponse

PROBE = SearchRequest(text="anything", top_k=1)


@dataclass(frozen=True, slots=True)
class _Outcome:
    at: float
    answer: SearchResponse | UniECSError


class Readiness:
    """Searches to find out whether searching works; never twice at the same time.

    Args:
        engine: What to search with.
        within_seconds: How long one caller waits for a search; it goes on behind the scenes.
        max_age_seconds: A search that is younger answers for the next caller as well.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        engine: SearchEngine,
        *,
        within_seconds: float,
        max_age_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._within_seconds = within_seconds
        self._max_age_seconds = max_age_seconds
        self._clock = clock
        self._last: _Outcome | None = None
        self._search: asyncio.Task[_Outcome] | None = None

    async def check(self) -> SearchResponse:
        """The answer of a search that just worked.

        Raises:
            UniECSError: Why searching does not work.
        """
        last = self._last
        if last is None or self._clock() - last.at > self._max_age_seconds:
            if self._search is None:
                self._search = asyncio.create_task(self._probe())
            try:
                async with asyncio.timeout(self._within_seconds):
                    last = await asyncio.shield(self._search)
            except TimeoutError:
                raise ServiceUnavailable(
                    f"A search takes more than {self._within_seconds:g} s; see whether Milvus "
                    "answers and whether the machine is overloaded."
                ) from None
        if isinstance(last.answer, UniECSError):
            raise last.answer
        return last.answer

    async def _probe(self) -> _Outcome:
        answer: SearchResponse | UniECSError
        try:
            answer = await run_in_threadpool(self._engine.search, PROBE)
        except UniECSError as error:
            answer = error.with_traceback(None)
        except Exception as error:  # whatever is broken, the answer is "not ready", not silence
            answer = ServiceUnavailable(f"A search failed: {type(error).__name__}.")
        self._last = _Outcome(self._clock(), answer)
        self._search = None
        return self._last
