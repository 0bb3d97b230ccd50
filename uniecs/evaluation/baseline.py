"""A ranker that has learned nothing: TF-IDF for text, colours and a thumbnail for pictures.

An encoder that does not beat it is broken.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from uniecs.catalog.images import ImageLimits, decode_image, resolve_image
from uniecs.catalog.reading import Catalog, Query
from uniecs.errors import ImageError
from uniecs.evaluation.metrics import NOTHING
from uniecs.evaluation.ranking import best_columns
from uniecs.evaluation.views import Progress

Floats = npt.NDArray[np.float32]

TEXTLESS_TYPES: frozenset[str] = frozenset({"description_to_image"})
"""Query types whose candidates are pictures alone: words find nothing there."""

LIMITS = ImageLimits(draft_side=96)
SIDE, BINS, THUMBNAIL = 64, 8, 8
FEATURES = BINS**3 + THUMBNAIL**2
BLOCK = 512
DECODERS = 4


class Baseline:
    """Ranks by the picture where a query has one, else by its words.

    Args:
        catalog: Searched as a whole: full text, and the first picture of every product.
        progress: Told after every block of pictures.
    """

    def __init__(self, catalog: Catalog, progress: Progress | None = None) -> None:
        self._ids = [product.product_id for product in catalog.products]
        self._catalog = catalog
        self._progress = progress
        self._pictures: Floats | None = None
        self._words: tuple[Any, Any] | None = None

    def answers(self, queries: Sequence[Query]) -> bool:
        """Whether there is a baseline for a type of queries."""
        return any(q.image is not None or q.type not in TEXTLESS_TYPES for q in queries)

    def __call__(self, queries: Sequence[Query], k: int) -> list[list[tuple[str, float]]]:
        """The best k products of every query."""
        found: list[list[tuple[str, float]]] = [[] for _ in queries]
        by_picture = [row for row, query in enumerate(queries) if query.image is not None]
        by_words = [
            row
            for row, query in enumerate(queries)
            if query.image is None and query.type not in TEXTLESS_TYPES
        ]
        for rows, score in ((by_picture, self._by_picture), (by_words, self._by_words)):
            for start in range(0, len(rows), BLOCK):
                block = rows[start : start + BLOCK]
                scores = score([queries[row] for row in block])
                for row, answer in zip(block, self._best(scores, k), strict=True):
                    found[row] = answer
        return found

    def _best(self, scores: Floats, k: int) -> list[list[tuple[str, float]]]:
        ranked = best_columns(scores, min(k, len(self._ids)))
        return [
            [(self._ids[column], float(row[column])) for column in columns if column != NOTHING]
            for row, columns in zip(scores, ranked, strict=True)
        ]

    def _by_words(self, queries: Sequence[Query]) -> Floats:
        from sklearn.feature_extraction.text import TfidfVectorizer

        if self._words is None:
            vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, dtype=np.float32)
            texts = [product.full_text for product in self._catalog.products]
            self._words = vectorizer, vectorizer.fit_transform(texts)
        vectorizer, documents = self._words
        scores: Floats = (vectorizer.transform([q.text for q in queries]) @ documents.T).toarray()
        scores[scores <= 0] = -np.inf  # sharing no word is not an answer
        return scores

    def _by_picture(self, queries: Sequence[Query]) -> Floats:
        if self._pictures is None:
            self._pictures = self._catalog_pictures()
        asked = np.stack([appearance(query.image) for query in queries])
        scores = asked @ self._pictures.T
        scores[:, ~self._pictures.any(axis=1)] = -np.inf
        scores[~asked.any(axis=1)] = -np.inf
        return scores

    def _catalog_pictures(self) -> Floats:
        paths = [_picture(self._catalog.folder, p.image) for p in self._catalog.products]
        rows: list[Floats] = []
        with ThreadPoolExecutor(DECODERS) as pool:  # Pillow decodes outside the interpreter lock
            for start in range(0, len(paths), BLOCK):
                rows += pool.map(appearance, paths[start : start + BLOCK])
                if self._progress:
                    self._progress("pictures of the baseline", len(rows), len(paths))
        return np.stack(rows)


def _picture(folder: Path, relative: str | None) -> Path | None:
    try:
        return resolve_image(folder, relative) if relative else None
    except ImageError:
        return None


def appearance(path: Path | None) -> Floats:
    """What a picture looks like: a colour histogram beside a grey thumbnail, equal in weight.

    The histogram holds square roots of joint HSV counts, so that a product of two of them is
    Bhattacharyya's coefficient; the thumbnail adds where light and dark are. A picture that cannot
    be decoded gives zeros.
    """
    if path is None:
        return np.zeros(FEATURES, np.float32)
    try:
        image = decode_image(path, LIMITS).resize((SIDE, SIDE))
    except ImageError:
        return np.zeros(FEATURES, np.float32)
    pixels = np.asarray(image.convert("HSV")).reshape(-1, 3).astype(np.int64) * BINS // 256
    cells = pixels @ np.array([BINS**2, BINS, 1])
    colours = np.sqrt(np.bincount(cells, minlength=BINS**3) / len(cells))
    grey = np.asarray(image.convert("L").resize((THUMBNAIL, THUMBNAIL)), np.float64).ravel()
    grey -= grey.mean()
    light = grey / max(float(np.linalg.norm(grey)), 1.0)
    return np.concatenate([colours, light]).astype(np.float32)
