"""One ranking from several: reciprocal rank fusion (Cormack, Clarke, Buettcher 2009), weighted."""

from collections.abc import Sequence
from dataclasses import dataclass

RANK_OFFSET = 60
"""``k`` of the paper: how little the very first places differ."""


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much each ranking counts.

    Attributes:
        dense: Of the encoder's ranking.
        lexical: Of the BM25 ranking.
    """

    dense: float
    lexical: float


TEXT_WEIGHTS = FusionWeights(dense=0.5, lexical=1.0)
"""For queries of text alone."""


def fuse(
    rankings: Sequence[tuple[Sequence[str], float]], *, offset: float = RANK_OFFSET
) -> list[tuple[str, float]]:
    """Fuse rankings of product ids, best first; ties keep the order of the first ranking.

    Args:
        rankings: Ids, best first, and the weight of the ranking.
        offset: ``k`` of the formula: score = sum of weight / (k + rank), rank from 1.

    Example:
        >>> [name for name, _ in fuse([(["a", "b"], 1.0), (["b", "c"], 1.0)])]
        ['b', 'a', 'c']
    """
    scores: dict[str, float] = {}
    for ids, weight in rankings:
        for rank, product_id in enumerate(ids, start=1):
            scores[product_id] = scores.get(product_id, 0.0) + weight / (offset + rank)
    return sorted(scores.items(), key=lambda entry: -entry[1])
