"""How long one search may take."""

import time
from collections.abc import Callable

from uniecs.errors import DeadlineExceeded


class Deadline:
    """The end of one search's time, counted from now.

    Args:
        seconds: How long the search may take.
        clock: Monotonic seconds.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    @property
    def remaining(self) -> float:
        """Seconds until the end, not below 0."""
        return max(0.0, self._end - self._clock())

    @property
    def exceeded(self) -> DeadlineExceeded:
        """The error for a search that did not end in time."""
        return DeadlineExceeded(
            f"The search took more than {self._seconds:g} s and was given up; try again in a "
            "moment, or ask for less: fewer hits, a simpler filter."
        )

    def check(self) -> None:
        """Go on, unless the time is over.

        Raises:
            DeadlineExceeded: When it is.
        """
        if not self.remaining:
            raise self.exceeded
