"""Intervals of ratio metrics over shoppers, by the delta method."""

import math
from dataclasses import dataclass

import numpy as np

Z95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of sums over units, with its uncertainty.

    Attributes:
        value: Sum of numerators over sum of denominators; None where the latter is zero.
        stderr: Standard error by the delta method; None with fewer than two units.
        units: Shoppers (or sessions) that it is computed over.
        numerator: Sum of numerators.
        denominator: Sum of denominators.
    """

    value: float | None
    stderr: float | None
    units: int
    numerator: float
    denominator: float

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval, or None where the error is unknown."""
        if self.value is None or self.stderr is None:
            return None
        return self.value - Z95 * self.stderr, self.value + Z95 * self.stderr


def ratio_of_sums(numerators: np.ndarray, denominators: np.ndarray) -> Ratio:
    """Ratio metric (clicks per impression, revenue per session) over U independent units.

    Events of one shopper depend on each other, so the unit of the variance is the shopper:
    ``Var(R) = Var(y - R x) / (U mean(x)^2)``, the first-order (delta) approximation of
    Deng, Knoblich and Lu (KDD 2018), equation 3.

    Args:
        numerators: [U] one sum per unit.
        denominators: [U] one sum per unit; not negative.
    """
    units = len(numerators)
    top, bottom = float(np.sum(numerators)), float(np.sum(denominators))
    if bottom == 0:
        return Ratio(None, None, units, top, bottom)
    value = top / bottom
    if units < 2:
        return Ratio(value, None, units, top, bottom)
    residuals = numerators - value * denominators
    # the residuals sum to zero by construction, so their variance needs no centring
    variance = float(np.sum(residuals**2)) / (units - 1) * units / bottom**2
    return Ratio(value, math.sqrt(variance), units, top, bottom)


def relative_change(before: Ratio, after: Ratio) -> Ratio | None:
    """``after / before - 1`` of two independent samples, with its standard error.

    Returns:
        None where either is unknown or ``before`` is zero.
    """
    if before.value is None or after.value is None or before.value == 0:
        return None
    if before.stderr is None or after.stderr is None:
        return None
    share = after.value / before.value
    error = math.hypot(after.stderr, share * before.stderr) / abs(before.value)
    units = min(before.units, after.units)
    return Ratio(share - 1, error, units, after.value - before.value, before.value)
