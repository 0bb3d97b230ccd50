"""What tells slices apart: facts of products, and what words say."""

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from uniecs.catalog.schema import Product

BANDS = 4
"""Price bands of a currency: quarters of the products."""

_COLOUR = re.compile(r"(^|_)colou?r$")
_NEGATION = re.compile(
    r"\b(no|not|non|never|none|nor|neither|without|except|excluding|cannot|free of"
    r"|ohne|nicht|kein\w*|sans|sin|senza|sem)\b|n['\u2019]t\b|\b\w+-free\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d")


def top_category(product: Product) -> str | None:
    """The first level of ``A > B > C``.

    Example:
        >>> top_category(Product(product_id="1", title="mug", category="Home > Kitchen > Mugs"))
        'Home'
    """
    return product.category.partition(">")[0].strip() or None


def colour(product: Product) -> str | None:
    """The product's colour in lower case, from an attribute such as ``color`` or ``base_colour``.

    Example:
        >>> colour(Product(product_id="1", title="mug", attributes={"base_colour": "Navy Blue"}))
        'navy blue'
    """
    for name, value in product.attributes.items():
        if _COLOUR.search(name) and isinstance(value, str) and value.strip():
            return value.strip().casefold()
    return None


def has_negation(text: str) -> bool:
    """Whether a text denies something; English words, and the plainest of five other languages.

    Example:
        >>> has_negation("jacket without hood"), has_negation("notebook")
        (True, False)
    """
    return bool(_NEGATION.search(text))


def has_number(text: str) -> bool:
    """Whether a text holds a digit.

    Example:
        >>> has_number("running shoe size 42")
        True
    """
    return bool(_NUMBER.search(text))


class PriceBands:
    """Quarters of some products by price, for each currency on its own.

    Example:
        >>> mugs = [Product(product_id=str(p), title="mug", price=p) for p in (1, 2, 3, 4)]
        >>> PriceBands(mugs).label(mugs[0])
        'Q1 1 to 1.75'
    """

    def __init__(self, products: Sequence[Product]) -> None:
        prices: dict[str | None, list[float]] = defaultdict(list)
        for product in products:
            if product.price is not None:
                prices[product.currency].append(product.price)
        steps = np.linspace(0, 1, BANDS + 1)
        self._edges = {name: np.quantile(found, steps) for name, found in prices.items()}

    def label(self, product: Product) -> str | None:
        """The band of a product; None without a price."""
        if product.price is None:
            return None
        edges = self._edges[product.currency]
        band = int(np.clip(np.searchsorted(edges, product.price, side="left") - 1, 0, BANDS - 1))
        between = f"{_price(edges[band])} to {_price(edges[band + 1])}"
        return f"Q{band + 1} {between} {product.currency or ''}".rstrip()


def _price(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")
