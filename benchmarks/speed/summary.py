"""From seconds of trials to medians, ratios and their intervals."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds of one task of one arm over its trials."""

    median: float
    p95: float
    min: float
    n: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Timing":
        """Summarise at least one trial."""
        return cls(
            median=statistics.median(seconds),
            p95=float(np.quantile(seconds, 0.95)),
            min=min(seconds),
            n=len(seconds),
        )


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median over median, with the 95 % interval of a bootstrap over rounds."""

    ratio: float
    low: float
    high: float

    def times(self, factor: float) -> "Ratio":
        """The same ratio in other units."""
        return Ratio(self.ratio * factor, self.low * factor, self.high * factor)


def ratio(above: Sequence[float], below: Sequence[float], *, seed: int = 0) -> Ratio:
    """``median(above) / median(below)``; trial ``n`` of both was run in the same round.

    Rounds are resampled whole, so that a busy moment that hit both arms counts for both.

    Example:
        >>> ratio([2.0, 4.0], [1.0, 2.0]).ratio
        2.0
    """
    rounds = min(len(above), len(below))
    a, b = np.array(above[:rounds]), np.array(below[:rounds])
    picked = np.random.default_rng(seed).integers(0, rounds, (RESAMPLES, rounds))
    drawn = np.median(a[picked], axis=1) / np.median(b[picked], axis=1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Ratio(float(np.median(a) / np.median(b)), float(low), float(high))


def own_spread(seconds: Sequence[float]) -> Ratio | None:
    """A against A: every other trial of one arm over the trials between them.

    This is the difference that the machine makes alone; a ratio of two arms within its interval
    says nothing. None where there are fewer than four trials.
    """
    if len(seconds) < 4:
        return None
    return ratio(seconds[0::2], seconds[1::2])
