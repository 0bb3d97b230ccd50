"""One ranking from several: reciprocal rank fusion (Cormack, Clarke, Buettcher 2009), weighted."""

from collections.abc import Sequence
from dataclasses import dataclass

RANK_OFFSET = 60
"""``k`` of the paper: how little the very first places differ."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """How much each ranking of hybrid search counts; that of BM25 always counts 1.

    Chosen by ``benchmarks/fusion_weights.py`` on queries that no reported figure counts.

    Attributes:
        text: Weight of the encoder's ranking for words.
        own_words: For a picture with words, weight of the words against those of the picture.
        sharpness: Temperature of similarities to the nearest products by picture, whose words
            stand for the picture: a picture of the catalog is its own anchor.
        look: For a picture alone, share of its look where look and encoder are equally distinct;
            the rest is the encoder's.
        lead: How fast the more distinct of the two takes over.
    """

    text: float = 1.0
    own_words: float = 2.0
    sharpness: float = 0.003
    look: float = 0.35
    lead: float = 3.0


FUSION = Fusion()
"""What search uses."""


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
