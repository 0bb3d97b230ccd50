"""Distances between two parts of a pool, fast enough to be computed for hundreds of draws.

They equal Evidently's ``wasserstein`` and ``jensenshannon`` (a test holds that), which give the
value that is judged; these give the noise that it is judged against.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Distance = Callable[[Mask, Mask], float]
"""Distance between the rows of the first mask (the reference) and those of the second."""


def wasserstein(values: npt.NDArray[np.float64]) -> Distance:
    """First Wasserstein distance in standard deviations of the reference part.

    Args:
        values: [N] pooled values.
    """
    order = np.argsort(values, kind="stable")
    gaps = np.diff(values[order])

    def distance(reference: Mask, current: Mask) -> float:
        below, now_below = (
            np.cumsum(part[order])[:-1] / max(1, part.sum()) for part in (reference, current)
        )
        # as Evidently guards a constant column
        width = max(float(np.std(values[reference])), 0.001)
        return float(np.abs(below - now_below) @ gaps) / width

    return distance


def jensen_shannon(codes: npt.NDArray[np.int64]) -> Distance:
    """Jensen-Shannon distance (natural logarithm) of the shares of categories.

    Args:
        codes: [N] category number of each pooled row.
    """
    size = int(codes.max()) + 1

    def distance(reference: Mask, current: Mask) -> float:
        first, second = (
            np.bincount(codes[part], minlength=size) / max(1, part.sum())
            for part in (reference, current)
        )
        middle = (first + second) / 2
        total = 0.0
        for part in (first, second):
            held = part > 0
            total += float(part[held] @ np.log(part[held] / middle[held]))
        return float(np.sqrt(max(0.0, total / 2)))

    return distance


def mean_discrepancy(kernel: npt.NDArray[np.float64]) -> Distance:
    """Unbiased squared maximum mean discrepancy, 0 where it comes out negative.

    Args:
        kernel: [N, N] kernel of all pairs.
    """
    diagonal = np.diag(kernel)

    def within(part: npt.NDArray[np.float64]) -> float:
        size = part.sum()
        return float((part @ kernel @ part - part @ diagonal) / (size * (size - 1)))

    def distance(reference: Mask, current: Mask) -> float:
        first, second = reference.astype(float), current.astype(float)
        across = first @ kernel @ second / (first.sum() * second.sum())
        return max(0.0, within(first) + within(second) - 2 * float(across))

    return distance
