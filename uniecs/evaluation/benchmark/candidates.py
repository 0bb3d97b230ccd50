"""Candidate pairs: by group, attributes, clicks, views. Later steps refuse most of them."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from uniecs.evaluation.benchmark.fingerprints import Picture
from uniecs.evaluation.benchmark.listings import Listing
from uniecs.evaluation.benchmark.titles import is_near_title, words_of
from uniecs.evaluation.benchmark.variants import Variants

Source = Literal["group", "attributes", "co_clicks", "views"]

SOURCES: tuple[Source, ...] = ("group", "attributes", "co_clicks", "views")
"""Strongest first: a pair that two sources propose was made by the first."""

LARGE_GROUP = 12
"""In a larger group each listing meets its neighbours only, else pairs grow with the square."""
MIN_FACTS = 2
"""Attributes beyond brand and category that must be equal where no model is named."""
MAX_ALIKE = 4
"""Listings with equal attributes; more of them, and the attributes do not tell items apart."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two listings, in the order of their ids, that may show the same thing; or one listing twice.

    Attributes:
        refused: Reason code if the source itself already doubts the pair, else empty.
    """

    one: Listing
    other: Listing
    made_by: Source
    refused: str = ""

    @property
    def alone(self) -> bool:
        """Whether both sides are parts of one listing."""
        return self.one is self.other

    @property
    def pictures(self) -> tuple[Picture, Picture]:
        """What the two sides show; the other view comes first where both are one listing."""
        return (self.one.view if self.alone else None) or self.one.picture, self.other.picture


def by_group(listings: Sequence[Listing]) -> Iterator[Candidate]:
    """Listings that share a ``group_id``; whether they are one variant is judged later."""
    groups: dict[str, list[Listing]] = defaultdict(list)
    for listing in listings:
        if listing.product.group_id:
            groups[listing.product.group_id].append(listing)
    for members in groups.values():
        for one, other in _meetings(members):
            yield _candidate(one, other, "group")


def by_attributes(listings: Sequence[Listing], variants: Variants) -> Iterator[Candidate]:
    """Listings of one brand and category whose facts and model are all equal."""
    blocks: dict[tuple[object, ...], list[Listing]] = defaultdict(list)
    for listing in listings:
        product = listing.product
        facts, model = variants.facts(listing), variants.model(listing)
        if product.brand and product.category and (model or len(facts) >= MIN_FACTS):
            blocks[product.brand.casefold(), product.category, facts, model].append(listing)
    for members in blocks.values():
        common = "too_common" if len(members) > MAX_ALIKE else ""
        for one, other in _meetings(members):
            yield _candidate(one, other, "attributes", common)


def by_clicks(
    listings: Sequence[Listing], together: Mapping[tuple[str, str], int], min_support: int
) -> Iterator[Candidate]:
    """Listings of one category that shoppers clicked in the same visits.

    Args:
        listings: All that may stand on a side.
        together: Visits in which both products were clicked, by their ids in order.
        min_support: Fewer visits are chance.
    """
    by_id = {listing.id: listing for listing in listings}
    ordered = sorted(together.items(), key=lambda item: (-item[1], item[0]))
    for (one, other), visits in ordered:
        if one in by_id and other in by_id:
            a, b = by_id[one], by_id[other]
            refused = "other_category" if a.product.category != b.product.category else ""
            refused = "few_visits" if visits < min_support else refused
            yield _candidate(a, b, "co_clicks", refused)


def by_views(listings: Sequence[Listing]) -> Iterator[Candidate]:
    """Listings that can be taken apart: another view beside the title, the rest of the text."""
    for listing in listings:
        details = words_of(listing.product.details)
        if details and listing.view and not is_near_title(listing.words, details):
            yield Candidate(listing, listing, "views")


def _meetings(members: Sequence[Listing]) -> Iterator[tuple[Listing, Listing]]:
    if len(members) <= LARGE_GROUP:
        yield from combinations(members, 2)
    else:
        yield from zip(members, [*members[1:], members[0]], strict=True)


def _candidate(one: Listing, other: Listing, made_by: Source, refused: str = "") -> Candidate:
    first, second = sorted((one, other), key=lambda listing: listing.id)
    return Candidate(first, second, made_by, refused)
