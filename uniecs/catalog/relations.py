"""Which product answers which, per task: positives, and pairs that are neither right nor wrong.

- The same product, and products whose indexed picture is byte-identical, are positives everywhere.
- The same normalised title is a positive only where one side is text alone: such a query cannot
  tell the two apart, while a picture can.
- Products of one group that are not positives are masked where neither side is text alone: they
  are other variants (a colour, say) of the same thing.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import Product, normalise_text

Mask = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int64]


class Relations:
    """Relations between the products of one catalog.

    Args:
        products: All products that are ever asked about.
        same_picture: Groups of product ids that share a byte-identical indexed picture.
    """

    def __init__(
        self, products: Sequence[Product], same_picture: Iterable[Sequence[str]] = ()
    ) -> None:
        self.row = {product.product_id: row for row, product in enumerate(products)}
        self.group = _codes([product.group for product in products])
        self.title = _codes([normalise_text(p.title) or f"\0{p.product_id}" for p in products])
        self.picture: Codes = np.arange(len(products), dtype=np.int64)
        for ids in same_picture:
            rows = [self.row[product_id] for product_id in ids if product_id in self.row]
            self.picture[rows] = min(rows, default=0)

    def rows(self, product_ids: Sequence[str]) -> Codes:
        """Row numbers of products, [N] int64."""
        return np.fromiter(
            (self.row[i] for i in product_ids), dtype=np.int64, count=len(product_ids)
        )

    def positives(
        self,
        query_ids: Sequence[str],
        candidate_ids: Sequence[str],
        query_presence: Presence,
        candidate_presence: Presence,
    ) -> Mask:
        """[Q, C] bool: the candidate is a right answer to the query."""
        q, c = self.rows(query_ids), self.rows(candidate_ids)
        return self.positive_rows(q, c, text_alone=_text_alone(query_presence, candidate_presence))

    def masked(
        self,
        query_ids: Sequence[str],
        candidate_ids: Sequence[str],
        query_presence: Presence,
        candidate_presence: Presence,
    ) -> Mask:
        """[Q, C] bool: neither right nor wrong, to be left out of loss and ranking."""
        q, c = self.rows(query_ids), self.rows(candidate_ids)
        return self.masked_rows(q, c, text_alone=_text_alone(query_presence, candidate_presence))

    def positive_rows(self, q: Codes, c: Codes, *, text_alone: bool) -> Mask:
        """Like ``positives``, by row numbers; ``text_alone``: one side of the task is text only."""
        right: Mask = self.picture[q][:, None] == self.picture[c][None, :]
        if text_alone:
            right |= self.title[q][:, None] == self.title[c][None, :]
        return right

    def masked_rows(self, q: Codes, c: Codes, *, text_alone: bool) -> Mask:
        """Like ``masked``, by row numbers."""
        if text_alone:
            return np.zeros((len(q), len(c)), dtype=bool)
        same_group: Mask = self.group[q][:, None] == self.group[c][None, :]
        return same_group & ~self.positive_rows(q, c, text_alone=False)


def _text_alone(query: Presence, candidate: Presence) -> bool:
    return Presence.TEXT in (query, candidate)


def _codes(values: Sequence[str]) -> Codes:
    seen: dict[str, int] = {}
    return np.array([seen.setdefault(value, len(seen)) for value in values], dtype=np.int64)


def catalog_relations(catalog: Catalog, digests: PictureDigests | None = None) -> Relations:
    """Relations between all products of a catalog; pictures are compared by their bytes."""
    digests = digests or PictureDigests(catalog.folder)
    by_digest: dict[str, list[str]] = {}
    for product in catalog.products:
        if product.image and (digest := digests.of(product.image)):
            by_digest.setdefault(digest, []).append(product.product_id)
    return Relations(catalog.products, by_digest.values())
