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
    """Mean plus ``sigmas`` standard deviations of a distance when chance alone decides.

    A group (a product with its variants) is in the reference only, in the current catalog only, or
    in both. Chance hands these roles to other groups, as many of each: which products came and
    which went says nothing then. A group in both swaps its two parts by the toss of a coin: what
    became of its rows says nothing either. Rows are never dealt one by one, for variants are
    alike, and chance would look smaller than it is.

    Args:
        distance: Distance of two parts of the pool.
        groups: [N] group number of each pooled row.
        in_reference: [N] rows of the reference.
        rounds: Draws.
        sigmas: Standard deviations above the mean.
        seed: Of the draws.
    """
    rng = np.random.default_rng(seed)
    before = np.bincount(groups, weights=in_reference) > 0
    after = np.bincount(groups, weights=~in_reference) > 0
    lone = ~(before & after)[groups]
    values = []
    for _ in range(rounds):
        role = rng.permutation(len(before))
        swapped = (rng.random(len(before)) < 0.5)[groups] ^ in_reference
        reference = before[role][groups] & (lone | swapped)
        current = after[role][groups] & (lone | ~swapped)
        values.append(distance(reference, current))
    return float(np.mean(values) + sigmas * np.std(values, ddof=1))
