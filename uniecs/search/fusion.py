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
        look_from: Cosine of looks from which the look of a picture alone says anything.
        look_at: Cosine of looks from which it says all, and the encoder nothing.
    """

    text: float = 1.0
    own_words: float = 2.0
    sharpness: float = 0.003
    look_from: float = 0.9
    look_at: float = 0.97


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
