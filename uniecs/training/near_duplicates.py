"""Products that a batch must not set against each other: they cannot be told apart."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
from PIL import Image

from uniecs.catalog.schema import Product, normalise_text
from uniecs.evaluation.benchmark.fingerprints import (
    COLOURS,
    NEAR_COLOUR,
    fingerprint,
    near_rows,
)
from uniecs.training.pixels import PixelStore

ROWS = 512
"""Pictures read at a time."""


class NearDuplicates:
    """Products whose pictures look the same, or whose titles hold the same words.

    A relation between two products and no more: what is near to something near is not near.

    Args:
        count: N, the number of products.
        pairs: Rows of products that are near, two at a time.
    """

    def __init__(self, count: int, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._count = count
        both = {code for a, b in pairs for code in (a * count + b, b * count + a)}
        self._codes = np.array(sorted(both), dtype=np.int64)

    def between(
        self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """[N, M] whether the products of each row and column are near."""
        asked = rows[:, None] * self._count + columns[None, :]
        if not len(self._codes):
            return np.zeros(asked.shape, dtype=bool)
        place = np.searchsorted(self._codes, asked).clip(max=len(self._codes) - 1)
        found: npt.NDArray[np.bool_] = self._codes[place] == asked
        return found


def near_duplicates(products: Sequence[Product], pixels: PixelStore) -> NearDuplicates:
    """Which products must never be each other's negatives."""
    buckets: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for row, product in enumerate(products):
        if words := tuple(sorted(normalise_text(product.title).split())):
            buckets[words].append(row)
    alike = [pair for rows in buckets.values() for pair in combinations(rows, 2)]
    return NearDuplicates(len(products), alike + _same_pictures(products, pixels))


def _same_pictures(products: Sequence[Product], pixels: PixelStore) -> list[tuple[int, int]]:
    """Pairs of rows whose pictures are near by the fingerprints of ``benchmark.fingerprints``.

    All with all would grow with the square of the catalog. The mean colours of the quarters of near
    pictures differ by no more than those of their cells may, so a tree over them finds every pair.
    """
    from scipy.spatial import cKDTree

    rows = [row for row, p in enumerate(products) if p.image and p.image in pixels]
    if not rows:
        return []
    bits, colours = [], []
    for start in range(0, len(rows), ROWS):
        part = [products[row].image or "" for row in rows[start : start + ROWS]]
        for picture in pixels.take(part).permute(0, 2, 3, 1).numpy():
            hashed, means = fingerprint(Image.fromarray(picture))
            bits.append(hashed)
            colours.append(means)
    means = np.stack(colours)
    half = COLOURS // 2
    cells = means.reshape(len(rows), 2, half, 2, half, 3)
    quarters = cells.mean(axis=(2, 4)).reshape(len(rows), -1)
    close = cKDTree(quarters).query_pairs(NEAR_COLOUR, p=np.inf, output_type="ndarray")
    near = close[near_rows(np.stack(bits), means, close)]
    return [(rows[one], rows[other]) for one, other in near.tolist()]
