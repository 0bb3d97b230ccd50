"""How much a shopper who wants one product likes another."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from uniecs.catalog.schema import Product

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

_SAME_GROUP, _SAME_CATEGORY, _SAME_BRAND = 0.7, 0.35, 0.1


class Market:
    """Products as columns, so that whole batches of answers are judged at once.

    Args:
        products: Rows of a catalog.
    """

    def __init__(self, products: Sequence[Product]) -> None:
        self.products = products
        self.row_of = {product.product_id: row for row, product in enumerate(products)}
        self._group = _codes([product.group for product in products])
        self._category = _codes([product.category for product in products])
        self._brand = _codes([product.brand or "" for product in products])
        self._currency = _codes([product.currency or "" for product in products])
        self.price: Floats = np.array(
            [np.nan if product.price is None else product.price for product in products]
        )

    def relevance(self, wanted: Rows, shown: Rows) -> Floats:
        """[S, K] in 0..1: 1 for the product itself, then variants, category and brand.

        Args:
            wanted: [S] rows of the products that the shoppers have in mind.
            shown: [S, K] rows of the hits; -1 where there is none (relevance 0).
        """
        mine = wanted[:, None]
        alike = _SAME_CATEGORY * self._same(self._category, mine, shown)
        alike += _SAME_BRAND * self._same(self._brand, mine, shown)
        liking = np.where(self._same(self._group, mine, shown), _SAME_GROUP, alike)
        liking = np.where(mine == shown, 1.0, liking)
        return np.where(shown >= 0, liking, 0.0)

    def affordability(self, wanted: Rows, shown: Rows, *, sensitivity: float) -> Floats:
        """[S, K] in 0..1: 1 at the price of the wanted product or less, falling above it.

        A price in another currency is judged by nothing, and a product without a price cannot be
        bought.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            dearer = np.log(self.price[shown] / self.price[wanted][:, None])
        comparable = np.isfinite(dearer) & self._same(self._currency, wanted[:, None], shown)
        fit = np.exp(-sensitivity * np.clip(np.where(comparable, dearer, 0.0), 0.0, None))
        return np.where((shown >= 0) & np.isfinite(self.price[shown]), fit, 0.0)

    def _same(self, codes: Rows, mine: Rows, shown: Rows) -> npt.NDArray[np.bool_]:
        same: npt.NDArray[np.bool_] = (codes[mine] == codes[shown]) & (codes[mine] >= 0)
        return same


def _codes(values: Sequence[str]) -> Rows:
    """Equal values get equal numbers; an empty value is -1, equal to nothing."""
    numbers: dict[str, int] = {}
    return np.array(
        [numbers.setdefault(value, len(numbers)) if value else -1 for value in values],
        dtype=np.int64,
    )
