"""Distances between two parts of a pool, fast enough to be computed for hundreds of random parts.

They equal Evidently's ``wasserstein`` and ``jensenshannon`` (a test holds that), which give the
value that is judged; these give the noise that it is judged against.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Distance = Callable[[Mask], float]
"""Distance between the rows of a mask (the reference) and the others."""


def wasserstein(values: npt.NDArray[np.float64]) -> Distance:
    """First Wasserstein distance in standard deviations of the reference part.

    Args:
        values: [N] pooled values.
    """
    order = np.argsort(values, kind="stable")
    gaps = np.diff(values[order])

    def distance(mask: Mask) -> float:
        chosen = mask[order]
        reference = np.cumsum(chosen)[:-1] / max(1, chosen.sum())
        current = np.cumsum(~chosen)[:-1] / max(1, (~chosen).sum())
        width = max(float(np.std(values[mask])), 0.001)  # as Evidently guards a constant column
        return float(np.abs(reference - current) @ gaps) / width

    return distance


def jensen_shannon(codes: npt.NDArray[np.int64]) -> Distance:
    """Jensen-Shannon distance (natural logarithm) of the shares of categories.

    Args:
        codes: [N] category number of each pooled row.
    """
    size = int(codes.max()) + 1

    def distance(mask: Mask) -> float:
        first, second = (
            np.bincount(codes[part], minlength=size) / max(1, part.sum()) for part in (mask, ~mask)
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
        kernel: [N, N] kernel of all pairs; its diagonal is ignored.
    """
    kernel = kernel - np.diag(np.diag(kernel))

    def distance(mask: Mask) -> float:
        first, second = mask.astype(float), (~mask).astype(float)
        m, n = first.sum(), second.sum()
        within = first @ kernel @ first / (m * (m - 1)) + second @ kernel @ second / (n * (n - 1))
        return max(0.0, float(within - 2 * (first @ kernel @ second) / (m * n)))

    return distance
