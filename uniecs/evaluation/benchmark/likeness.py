"""A floor for weaker pairs: they must look and read at least as alike as known pairs do."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from uniecs.catalog.images import resolve_image
from uniecs.evaluation.baseline import appearance
from uniecs.evaluation.benchmark.candidates import Candidate
from uniecs.evaluation.benchmark.listings import Listing

KNOWN_NEEDED = 20
"""Pairs by group that a 5th percentile needs to mean something."""
PERCENTILE = 5

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Likeness:
    """Cosines of pairs, and the floors below which a pair is not believed.

    Attributes:
        text: [N] TF-IDF cosine of the full texts.
        picture: [N] cosine of colour histograms and thumbnails.
        text_floor: 5th percentile of the pairs by group.
        picture_floor: The same for pictures.
    """

    text: Floats
    picture: Floats
    text_floor: float
    picture_floor: float

    def passes(self, row: int) -> bool:
        """Whether pair ``row`` reaches both floors."""
        return bool(self.text[row] >= self.text_floor and self.picture[row] >= self.picture_floor)


def measure_likeness(folder: Path, pairs: Sequence[Candidate]) -> Likeness | None:
    """Cosines of all pairs; None when too few were made by group, or all were."""
    by_group = np.array([pair.made_by == "group" for pair in pairs], dtype=bool)
    if by_group.sum() < KNOWN_NEEDED or by_group.all():
        return None
    sides = {side.id: side for pair in pairs for side in (pair.one, pair.other)}
    row = {product_id: number for number, product_id in enumerate(sides)}
    ones = [row[pair.one.id] for pair in pairs]
    others = [row[pair.other.id] for pair in pairs]
    text = _text_cosines(list(sides.values()), ones, others)
    looks = np.stack(
        [appearance(resolve_image(folder, one.picture.path)) for one in sides.values()]
    ).astype(np.float64)
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    picture: Floats = (looks[ones] * looks[others]).sum(axis=1)
    return Likeness(
        text=text,
        picture=picture,
        text_floor=float(np.percentile(text[by_group], PERCENTILE)),
        picture_floor=float(np.percentile(picture[by_group], PERCENTILE)),
    )


def _text_cosines(sides: Sequence[Listing], ones: list[int], others: list[int]) -> Floats:
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = TfidfVectorizer(sublinear_tf=True).fit_transform(
        [side.product.full_text for side in sides]
    )
    cosines: Floats = np.asarray(texts[ones].multiply(texts[others]).sum(axis=1)).ravel()
    return cosines
