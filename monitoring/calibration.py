"""How far two samples of one distribution stray by chance: the noise part of a threshold."""

import numpy as np
import numpy.typing as npt

from monitoring.distances import Distance, Mask


def noise_level(
    distance: Distance,
    groups: npt.NDArray[np.int64],
    in_reference: Mask,
    *,
    rounds: int,
    sigmas: float,
    seed: int,
) -> float:
    """Mean plus ``sigmas`` standard deviations of a distance when sides are drawn by lot.

    Whole groups change sides, for variants of one product are alike: drawn row by row, chance
    would look smaller than it is. A group that both sides hold swaps its two parts, so two
    catalogs of nearly the same products are compared by what became of them.

    Args:
        distance: Distance between the rows of a mask and the others.
        groups: [N] group number of each pooled row.
        in_reference: [N] rows of the reference.
        rounds: Draws.
        sigmas: Standard deviations above the mean.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    before = np.bincount(groups, weights=in_reference)
    after = np.bincount(groups, weights=~in_reference)
    shared = (before > 0) & (after > 0)
    lone = np.flatnonzero(~shared)
    sizes = (before + after)[lone]
    values = []
    for _ in range(rounds):
        swapped = shared & (rng.random(len(shared)) < 0.5)
        first = in_reference ^ swapped[groups]
        order = rng.permutation(len(lone))
        taken = np.zeros(len(shared), dtype=bool)
        taken[lone[order[np.cumsum(sizes[order]) <= before[lone].sum()]]] = True
        values.append(distance(np.where(shared[groups], first, taken[groups])))
    return float(np.mean(values) + sigmas * np.std(values, ddof=1))
