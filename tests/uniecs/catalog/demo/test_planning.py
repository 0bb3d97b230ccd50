import json
from collections import Counter
from pathlib import Path

import pytest

from uniecs.catalog.demo.facts import Listing, Presentation
from uniecs.catalog.demo.picturing import listing_pictures, store_picture
from uniecs.catalog.demo.planning import DEFECTS, plan_listings, spare_view
from uniecs.catalog.demo.rows import catalog_row
from uniecs.catalog.demo.shop import by_group, by_variant
from uniecs.catalog.demo.taxonomy import TYPES
from uniecs.catalog.images import decode_image
from uniecs.errors import ImageError


def test_every_product_type_has_its_share_of_the_rows(plan: list[Listing]) -> None:
    kinds = Counter(listing.variant.design.type.name for listing in plan)

    assert len(plan) == 1200
    assert len(kinds) == len(TYPES) >= 12
    assert min(kinds.values()) > 40


def test_the_test_split_has_every_product_type_and_rows_enough_to_be_judged(
    plan: list[Listing],
) -> None:
    test = [listing for listing in plan if listing.variant.design.split == "test"]

    assert {one.variant.design.type.name for one in test} == {kind.name for kind in TYPES}
    assert sum(one.has_text and one.has_picture for one in test) >= 110
    assert len(test) < 0.14 * len(plan)


def test_one_row_in_twenty_lacks_text_and_one_in_twenty_lacks_its_picture(
    plan: list[Listing],
) -> None:
    shown = Counter(listing.presentation for listing in plan)

    assert shown[Presentation.NO_TEXT] == 60
    assert shown[Presentation.NO_PICTURE] == shown[Presentation.LOST_PICTURE] == 30


def test_products_have_one_to_three_pictures_of_different_views(plan: list[Listing]) -> None:
    counts = Counter(len(listing.views) for listing in plan)

    assert set(counts) == {1, 2, 3}
    assert all(len(set(listing.views)) == len(listing.views) for listing in plan)


def test_every_variant_keeps_a_view_that_no_listing_shows(plan: list[Listing]) -> None:
    for listings in by_variant(plan).values():
        assert spare_view(listings) not in {view for one in listings for view in one.views}


def test_variants_of_a_group_differ_in_colour_and_never_have_the_accent_as_colour(
    plan: list[Listing],
) -> None:
    for group in by_group(plan).values():
        keys = {listing.variant.key for listing in group}
        colours = {listing.variant.colour.name for listing in group}
        assert len(colours) == len(keys)
        assert group[0].variant.design.accent.name not in colours


def test_two_listings_of_a_variant_differ_in_title_and_seller_only(plan: list[Listing]) -> None:
    twins = [those for those in by_variant(plan).values() if len(those) == 2]
    twins = [those for those in twins if all(one.has_text and not one.defect for one in those)]

    assert len(twins) > 100
    for first, second in twins:
        one, other = catalog_row(7, first), catalog_row(7, second)
        facts, others = json.loads(one["attributes"]), json.loads(other["attributes"])
        assert facts.pop("seller") != others.pop("seller")
        assert facts == others
        assert one["title"].casefold() != other["title"].casefold()
        assert one["group_id"] == other["group_id"]


@pytest.mark.parametrize("products", [120, 400, 1200, 3000])
def test_less_than_two_rows_in_a_hundred_are_damaged(products: int) -> None:
    damaged = [one.defect for one in plan_listings(7, products) if one.defect]

    assert 0 < len(damaged) < 0.02 * products
    if products >= 400:
        assert set(DEFECTS) < set(damaged)


def test_damaged_rows_show_their_defect(plan: list[Listing]) -> None:
    rows = {one.defect: catalog_row(7, one) for one in plan if one.defect}
    ids = Counter(listing.product_id for listing in plan)

    assert rows["negative_price"]["price"] < 0
    with pytest.raises(json.JSONDecodeError):
        json.loads(rows["malformed_attributes"]["attributes"])
    assert (rows["nothing_to_show"]["title"], rows["nothing_to_show"]["image_paths"]) == ("", [])
    assert sum(count > 1 for count in ids.values()) == 3
    assert ids[rows["duplicate_id"]["product_id"]] == 2


@pytest.mark.parametrize(
    ("defect", "code"), [("truncated_picture", "truncated"), ("text_as_picture", "format")]
)
def test_damaged_pictures_cannot_be_decoded(
    plan: list[Listing], defect: str, code: str, tmp_path: Path
) -> None:
    listing = next(one for one in plan if one.defect == defect)
    (tmp_path / "images").mkdir()
    order = next(listing_pictures(listing, {}))

    store_picture(7, tmp_path, order)

    with pytest.raises(ImageError) as caught:
        decode_image(tmp_path / order.path)
    assert caught.value.code == code
