"""How a query becomes rankings, said once for the engine and for evaluation.

Words go to BM25 and to the encoder. A picture with words ("this in black") is composed: BM25 gets
the words of the product that the picture shows, as the nearest products by picture tell them, and
the words of the query with more weight, so that "this" finds its kind and "black" its colour.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from uniecs.index.lexical import analyse
from uniecs.search.fusion import FusionWeights

DEPTH = 200
"""Length of each ranking that is fused."""

ANCHORS = 3
"""Nearest products by picture whose words stand for the picture."""

SHARPNESS = 0.007
"""Temperature of the anchors' weights: a picture of the catalog is its own anchor."""

UNIT = 4
"""Copies of a term that weigh 1: BM25 counts terms, so weights are whole numbers of copies."""

QUERY_WEIGHT = 2.0
"""Weight of the query's own words against the words of the picture."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A product near the picture of a composed query.

    Attributes:
        heading: Its title, brand and category.
    """

    heading: str
    similarity: float


def composed_terms(text: str, anchors: Sequence[Anchor]) -> list[str]:
    """Terms of a composed query, repeated by weight.

    Example:
        >>> composed_terms("in black", [Anchor("Mug", 1.0)]).count("black")
        8
    """
    own = analyse(text)
    copies: defaultdict[str, float] = defaultdict(float)
    for anchor, weight in zip(anchors, _softmax([a.similarity for a in anchors]), strict=True):
        for term in set(analyse(anchor.heading)):
            copies[term] += weight
    terms = [term for term, weight in copies.items() for _ in range(round(UNIT * weight))]
    return terms + [term for term in own for _ in range(round(UNIT * QUERY_WEIGHT))]


def composed_weights(anchors: Sequence[Anchor]) -> FusionWeights:
    """How the rankings of a composed query count, by how surely its picture was recognised.

    A picture that is clearly that of one product says in words what it shows; then the vector only
    settles ties. A picture that is like several is better described by its vector.

    Example:
        >>> composed_weights([]).dense
        1.0
    """
    shares = _softmax([anchor.similarity for anchor in anchors])
    return FusionWeights(dense=(1.0 - max(shares, default=0.0)) ** 3, lexical=1.0)


def _softmax(similarities: Sequence[float]) -> list[float]:
    if not similarities:
        return []
    raised = np.exp((np.array(similarities) - max(similarities)) / SHARPNESS)
    return [float(value) for value in raised / raised.sum()]
