"""Price words in a query: "shirts under 900" names a limit that no text of a product contains.

The words are taken out of the query, and products within the limit come first. The limit is soft:
when too few products keep it, the others follow. Any currency word is dropped, because a catalog
has its own.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from uniecs.index.filter_tree import Compare, Conjunction, Filter

_MONEY = r"(?:(?:rs|inr|usd|eur|gbp|chf)\.?\s*|[$€£¥₹]\s*)?"
_AFTER = r"(?:\s*(?:rs|rupees|inr|usd|dollars?|eur|euros?|gbp|pounds?|chf|[$€£¥₹])\b\.?)?"
_NUMBER = (
    r"(\d+(?:,\d{3})*(?:\.\d+)?)(?!\d)(?!\s*(?:%|percent|ml|cm|mm|gb|inch|kg|w\b|l\b|g\b|m\b))"
)
_BELOW = re.compile(
    r"\b(?:under|below|less than|cheaper than|not more than|at most|up\s?to|within|max(?:imum)?)"
    rf"\s+{_MONEY}{_NUMBER}{_AFTER}",
    re.IGNORECASE,
)
_ABOVE = re.compile(
    rf"\b(?:over|above|more than|at least|starting (?:at|from)|min(?:imum)?)\s+"
    rf"{_MONEY}{_NUMBER}{_AFTER}",
    re.IGNORECASE,
)
_BETWEEN = re.compile(
    rf"\b(?:between|from)\s+{_MONEY}{_NUMBER}{_AFTER}\s+(?:and|to)\s+{_MONEY}{_NUMBER}{_AFTER}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PriceWish:
    """What a query says about the price.

    Attributes:
        rest: The query without its price words.
        least: Lowest price, or None.
        most: Highest price, or None.
    """

    rest: str
    least: float | None = None
    most: float | None = None

    @property
    def filter(self) -> Filter | None:
        """The wish as a filter, or None."""
        parts: list[Filter] = []
        if self.least is not None:
            parts.append(Compare("price", ">=", self.least))
        if self.most is not None:
            parts.append(Compare("price", "<=", self.most))
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else Conjunction(tuple(parts))

    def kept_by(self, prices: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """[N] which prices keep the wish; a missing price (NaN) keeps none that was said."""
        kept = np.ones(len(prices), dtype=bool)
        if self.least is not None:
            kept &= prices >= self.least
        if self.most is not None:
            kept &= prices <= self.most
        return kept


def price_wish(text: str) -> PriceWish:
    """Read the price words of a query.

    Example:
        >>> price_wish("black jeans below Rs 1,200")
        PriceWish(rest='black jeans', least=None, most=1200.0)
        >>> price_wish("running shoes")
        PriceWish(rest='running shoes', least=None, most=None)
    """
    least = most = None
    if found := _BETWEEN.search(text):
        least, most = sorted(_amount(group) for group in found.groups())
        text = _without(text, found)
    if most is None and (found := _BELOW.search(text)):
        most = _amount(found.group(1))
        text = _without(text, found)
    if least is None and (found := _ABOVE.search(text)):
        least = _amount(found.group(1))
        text = _without(text, found)
    return PriceWish(text, least, most)


def _amount(digits: str) -> float:
    return float(digits.replace(",", ""))


def _without(text: str, found: re.Match[str]) -> str:
    return " ".join((text[: found.start()] + " " + text[found.end() :]).split())
