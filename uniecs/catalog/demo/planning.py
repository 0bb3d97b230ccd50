"""Planning the rows of a catalog: listings, their pictures, what they lack, their defects."""

from collections import Counter
from dataclasses import replace
from itertools import count, cycle, islice

import numpy as np

from uniecs.catalog.demo.designing import colour_variants, invent_design, type_of
from uniecs.catalog.demo.facts import Listing, Presentation, Variant
from uniecs.catalog.demo.randomness import random_for
from uniecs.catalog.demo.views import VIEWS_OF_A_PRODUCT
from uniecs.catalog.demo.vocabulary import SELLERS

DEFECTS: tuple[str, ...] = (
    "negative_price", "malformed_attributes", "truncated_picture", "text_as_picture",
    "duplicate_id", "nothing_to_show",
)  # fmt: skip
"""Deliberate defects, in the order in which they are handed out."""

_SPLIT_SHARES = {"train": 0.78, "test": 0.12, "val": 0.1}
"""A test split of 120 rows would leave a task with less than 100 queries after missing parts."""

_DEFECT_SHARE = 0.015  # the gate of validation tolerates 2 % bad rows
_SECOND_LISTING_SHARE = 0.22
_SAME_PICTURE_SHARE = 0.08  # of second listings
_MISSING_SHARE = 0.05


def plan_listings(seed: int, products: int) -> list[Listing]:
    """All rows of a catalog in file order; depends on nothing but the arguments.

    Args:
        seed: Seed of the catalog.
        products: Number of rows.
    """
    listings: list[Listing] = []
    rows: Counter[tuple[str, str]] = Counter()
    for number in count():
        kind = type_of(number).name
        design = invent_design(seed, number, split=_neediest_split(rows, kind))
        for variant in colour_variants(seed, design):
            added = _list_variant(seed, variant, first=len(listings))
            rows.update({("all", design.split): len(added), (kind, design.split): len(added)})
            listings += added
        if len(listings) >= products:
            break
    return _plan_defects(seed, _plan_missing(seed, listings[:products]))


def _neediest_split(rows: Counter[tuple[str, str]], kind: str) -> str:
    """The split with the fewest rows for its share, in the catalog and in the product type."""
    return min(
        _SPLIT_SHARES,
        key=lambda name: (rows["all", name] + 6 * rows[kind, name]) / _SPLIT_SHARES[name],
    )


def spare_view(listings: list[Listing]) -> str | None:
    """A view of a variant that none of its listings shows, for queries."""
    shown = {view for listing in listings for view in listing.views}
    return next((view for view in reversed(VIEWS_OF_A_PRODUCT) if view not in shown), None)


def _list_variant(seed: int, variant: Variant, *, first: int) -> list[Listing]:
    rng = random_for(seed, "listings", variant.key)
    views = [VIEWS_OF_A_PRODUCT[index] for index in rng.permutation(len(VIEWS_OF_A_PRODUCT))]
    sellers = [SELLERS[index] for index in rng.permutation(len(SELLERS))]
    shown = int(rng.choice([1, 2, 3], p=[0.4, 0.35, 0.25]))
    price = max(1.0, variant.design.price)
    one = Listing(
        row=first, product_id=f"p{first:05d}", variant=variant, number=0,
        seller=sellers[0], price=price, views=tuple(views[:shown]),
    )  # fmt: skip
    if rng.random() >= _SECOND_LISTING_SHARE:
        return [one]
    same = rng.random() < _SAME_PICTURE_SHARE
    other = Listing(
        row=first + 1, product_id=f"p{first + 1:05d}", variant=variant, number=1,
        seller=sellers[1],
        price=round(price * rng.uniform(0.93, 1.08), 2),
        views=one.views[:1] if same else (views[shown],),
        copies_picture_of=one.product_id if same else None,
    )  # fmt: skip
    return [one, other]


def _plan_missing(seed: int, listings: list[Listing]) -> list[Listing]:
    """Take the pictures of one share of the rows and the text of another."""
    rng = random_for(seed, "missing")
    kinds = (Presentation.NO_TEXT, Presentation.NO_PICTURE, Presentation.LOST_PICTURE)
    wanted = len(listings) * _MISSING_SHARE
    counts = (round(wanted), round(wanted / 2), round(wanted) - round(wanted / 2))
    copied = {listing.copies_picture_of for listing in listings}
    free = [
        index
        for index in rng.permutation(len(listings))
        if not listings[index].copies_picture_of and listings[index].product_id not in copied
    ]
    planned = list(listings)
    for kind, share in zip(kinds, counts, strict=True):
        for index in free[:share]:
            planned[index] = replace(planned[index], presentation=kind)
        free = free[share:]
    return planned


def _plan_defects(seed: int, listings: list[Listing]) -> list[Listing]:
    """Damage a few rows that stand alone in their group, so that no query depends on them.

    Kinds are handed out in turn, as many as the share allows: one row at 120, all at 400.
    """
    rng = random_for(seed, "defects")
    alone = _alone(rng, listings)
    budget = int(len(listings) * _DEFECT_SHARE)
    planned = list(listings)
    for defect in islice(cycle(DEFECTS), budget):
        needed = 2 if defect == "duplicate_id" else 1
        if len(alone) < needed:
            break
        index = alone.pop()
        planned[index] = replace(planned[index], defect=defect)
        if defect == "duplicate_id":
            twin = alone.pop()
            planned[index] = replace(planned[index], product_id=planned[twin].product_id)
            planned[twin] = replace(planned[twin], defect="duplicated_id")
    return planned


def _alone(rng: np.random.Generator, listings: list[Listing]) -> list[int]:
    sizes: dict[str, int] = {}
    for listing in listings:
        group = listing.variant.design.group_id
        sizes[group] = sizes.get(group, 0) + 1
    return [
        int(index)
        for index in rng.permutation(len(listings))
        if sizes[listings[index].variant.design.group_id] == 1
        and listings[index].presentation is Presentation.FULL
    ]
