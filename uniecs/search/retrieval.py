"""How a query becomes rankings, said once for the engine and for evaluation.

Words go to BM25 and to the encoder. A picture with words ("this in black") is composed: BM25 gets
the words of the product that the picture shows, as the nearest products by picture tell them, and
the words of the query with more weight, so that "this" finds its kind and "black" its colour.

A picture alone is compared by the encoder and by its look; the product found first brings its kin.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from uniecs.index.lexical import analyse
from uniecs.search.fusion import FUSION, Fusion, fuse

DEPTH = 200
"""Length of each ranking that is fused."""

ANCHORS = 3
"""Nearest products by picture whose words stand for the picture."""

UNIT = 4
"""Copies of a term that weigh 1: BM25 counts terms, so weights are whole numbers of copies."""

PICTURE_OFFSET = 10
"""``k`` of reciprocal rank fusion for pictures: the first places of a look differ much."""

BEHIND = 2.0
"""What a product without a picture loses in the ranking of a picture: more than cosines differ."""

SAME = 0.01
"""Distance of pictures that are the same but for their compression."""

Ranked = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A product near the picture of a composed query.

    Attributes:
        heading: Its title, brand and category.
    """

    heading: str
    similarity: float


def composed_terms(text: str, anchors: Sequence[Anchor], fusion: Fusion = FUSION) -> list[str]:
    """Terms of a composed query, repeated by weight.

    Example:
        >>> composed_terms("in black", [Anchor("Mug", 1.0)]).count("black")
        8
    """
    own = analyse(text)
    copies: defaultdict[str, float] = defaultdict(float)
    for anchor, weight in zip(anchors, _shares(anchors, fusion), strict=True):
        for term in set(analyse(anchor.heading)):
            copies[term] += weight
    terms = [term for term, weight in copies.items() for _ in range(round(UNIT * weight))]
    return terms + [term for term in own for _ in range(round(UNIT * fusion.own_words))]


def composed_weight(anchors: Sequence[Anchor], fusion: Fusion = FUSION) -> float:
    """Weight of the vector of a composed query, by how surely its picture was recognised.

    A picture that is clearly that of one product says in words what it shows; then the vector only
    settles ties. A picture that is like several is better described by its vector.

    Example:
        >>> composed_weight([])
        1.0
    """
    return (1.0 - max(_shares(anchors, fusion), default=0.0)) ** 3


def _shares(anchors: Sequence[Anchor], fusion: Fusion) -> list[float]:
    """Softmax of the anchors' similarities."""
    if not anchors:
        return []
    similarities = np.array([anchor.similarity for anchor in anchors])
    raised = np.exp((similarities - similarities.max()) / fusion.sharpness)
    return [float(value) for value in raised / raised.sum()]


def look_share(near: Sequence[float], alike: Sequence[float], fusion: Fusion = FUSION) -> float:
    """Share of the look in the ranking of a picture; the rest is the encoder's.

    Whichever finds one product clearly nearer than the next is believed (the ratio test of Lowe
    2004). Which of them knows the products of a shop from other sides differs from shop to shop and
    from picture to picture: an encoder that has seen few of them does not, and in a street's
    colours the look finds all products equally far.

    Args:
        near: Cosines by the encoder, best first.
        alike: Cosines of looks, best first.
        fusion: The share between equals, and how fast it moves.

    Example:
        >>> look_share([0.7, 0.7], [0.99, 0.5]), look_share([0.99, 0.5], [0.7, 0.7])
        (1.0, 0.0)
    """
    if not near or not alike:
        return 1.0 if alike else 0.0
    lead = _distinctness(alike) - _distinctness(near)
    return float(np.clip(fusion.look + fusion.lead * lead, 0.0, 1.0))


def _distinctness(cosines: Sequence[float]) -> float:
    """How much nearer the first is than the second: 0 where they are equally far, 1 at most."""
    first, second = (
        1.0 - cosine + SAME for cosine in (cosines[0], cosines[min(1, len(cosines) - 1)])
    )
    return 1.0 - first / second


def picture_ranking(
    near: Ranked, alike: Ranked, kin: Callable[[str], Sequence[str]], fusion: Fusion = FUSION
) -> list[tuple[str, float]]:
    """The ranking of a picture without words.

    Args:
        near: Products with cosines by the encoder, best first.
        alike: Products with cosines of their looks, best first.
        kin: The products whose words are those of a product, best first: once its picture is
            found, they are its other colours and the like, which no picture tells.
        fusion: How encoder and look share the ranking.

    Returns:
        Products with scores, best first.
    """
    share = look_share([cosine for _, cosine in near], [cosine for _, cosine in alike], fusion)
    seen = [([name for name, _ in near], 1.0 - share), ([name for name, _ in alike], share)]
    first = [product_id for product_id, _ in fuse(seen, offset=PICTURE_OFFSET)[:1]]
    # before its kin, whose words may be nearer to its own than its own are: titles repeat
    family = [*first, *(name for found in first for name in kin(found) if name != found)]
    return fuse([*seen, (family, 1.0)], offset=PICTURE_OFFSET)
