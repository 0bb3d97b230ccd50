"""What says that two listings sell the same variant of the same model, or that they do not."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from uniecs.catalog.wording import short_facts
from uniecs.evaluation.benchmark.claims import Claims
from uniecs.evaluation.benchmark.listings import Listing

Key = tuple[str, ...]

_MODEL = re.compile(
    r"(^|_)(model|model_number|model_name|variant|mpn|article_number|style_number"
    r"|sku|gtin|ean|upc|isbn)$"
)

SHARED = 0.1
"""An attribute names a model when at least this share of its holders has its value in common with
another listing; where every row has a value of its own, it names rows."""

_OF_THE_OFFER = frozenset({"seller"})


class Variants:
    """Facts and model names of the listings of one catalog."""

    def __init__(self, listings: Sequence[Listing]) -> None:
        self.model_names = _model_names(listings)
        self._claims = Claims(listings)
        self._facts = {listing.id: self._read_facts(listing) for listing in listings}
        self._model = {listing.id: self._read_model(listing) for listing in listings}

    def facts(self, listing: Listing) -> Key:
        """Attributes that shoppers would name, but for brand and category."""
        return self._facts[listing.id]

    def model(self, listing: Listing) -> Key:
        """Attributes that name the model; empty where the catalog has none."""
        return self._model[listing.id]

    def same(self, one: Listing, other: Listing) -> bool:
        """Whether nothing tells the two apart but the wording and the picture.

        Listings without any attributes are told apart by titles that differ in one word alone,
        such as a colour.
        """
        if self.facts(one) != self.facts(other) or self.model(one) != self.model(other):
            return False
        if self.facts(one) or self.model(one):
            return True
        swapped = one.words ^ other.words
        return not (len(swapped) == 2 and len(one.words) == len(other.words))

    def disagree(self, one: Listing, other: Listing) -> bool:
        """Whether the titles name different values of one attribute, such as two colours."""
        return self._claims.disagree(one, other)

    def _read_facts(self, listing: Listing) -> Key:
        facts = short_facts(listing.product)
        skipped = {"brand", "category"} | self.model_names | _OF_THE_OFFER
        return tuple(sorted(f"{n}={v.casefold()}" for n, v in facts.items() if n not in skipped))

    def _read_model(self, listing: Listing) -> Key:
        attributes = listing.product.attributes
        named = self.model_names & attributes.keys()
        return tuple(f"{n}={str(attributes[n]).casefold()}" for n in sorted(named))


def _model_names(listings: Sequence[Listing]) -> frozenset[str]:
    held: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for listing in listings:
        for name, value in listing.product.attributes.items():
            if _MODEL.search(name) and isinstance(value, str | int) and str(value).strip():
                held[name][listing.product.brand or "", str(value).casefold()] += 1
    return frozenset(
        name
        for name, counts in held.items()
        if sum(n for n in counts.values() if n > 1) >= SHARED * sum(counts.values())
    )
