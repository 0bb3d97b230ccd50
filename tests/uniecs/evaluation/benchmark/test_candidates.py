"""Which listings of a shop become pairs, and what made them."""

import pytest

from uniecs.errors import CatalogError


def test_one_group_and_equal_attributes_make_a_pair(shop):
    shop.add("a", "Acme mug in blue", group_id="g", attributes={"color": "Blue", "seller": "X"})
    shop.add("b", "Blue coffee cup", group_id="g", attributes={"color": "Blue", "seller": "Y"})
    shop.add("c", "Red coffee cup", group_id="g", attributes={"color": "Red"})

    summary = shop.build()

    assert shop.paired == {frozenset("ab")}
    assert summary.pairs["group"] == 1
    assert summary.removed == {"other_variant": 2}


def test_a_group_that_only_means_equal_titles_makes_no_pair(shop):
    for number in range(4):
        shop.add(f"k{number}", "W Women Printed White Kurtas", group_id="t1")

    with pytest.raises(CatalogError, match="near_title 6"):
        shop.build()


def test_without_attributes_titles_that_differ_in_one_word_are_variants(shop):
    shop.add("a", "Acme mug blue", group_id="g")
    shop.add("b", "Acme mug red", group_id="g")
    shop.add("c", "Big coffee cup by Acme", group_id="g")

    shop.build()

    assert shop.paired == {frozenset("ac"), frozenset("bc")}


def test_brand_category_and_equal_attributes_make_a_pair(shop):
    facts = {"color": "Blue", "material": "Steel"}
    shop.add("a", "Acme steel mug", brand="Acme", attributes=facts)
    shop.add("b", "Blue cup by Acme", brand="Acme", attributes=facts)
    shop.add("c", "Blue cup by Bolt", brand="Bolt", attributes=facts)
    shop.add("d", "Acme cup", brand="Acme", attributes={"color": "Blue"})

    summary = shop.build()

    assert shop.paired == {frozenset("ab")}
    assert summary.pairs["attributes"] == 1


def test_another_model_number_is_another_item_where_the_catalog_shares_model_numbers(shop):
    for product_id, title, model in (
        ("a", "Acme steel mug", "M1"), ("b", "Steel cup by Acme", "M1"),
        ("c", "Mug of steel, large", "M2"), ("d", "Steel drinking vessel", "M2"),
    ):  # fmt: skip
        facts = {"material": "Steel", "model_number": model}
        shop.add(product_id, title, brand="Acme", attributes=facts)

    summary = shop.build()

    assert shop.paired == {frozenset("ab"), frozenset("cd")}
    assert summary.models == ["model_number"]


def test_a_number_that_no_two_rows_share_names_rows_and_not_models(shop):
    for product_id, title in (("a", "Acme steel mug"), ("b", "Blue cup by Acme")):
        facts = {"color": "Blue", "material": "Steel", "article_number": product_id}
        shop.add(product_id, title, brand="Acme", attributes=facts)

    summary = shop.build()

    assert shop.paired == {frozenset("ab")}
    assert summary.models == []


def test_attributes_that_many_listings_share_do_not_tell_items_apart(shop):
    for word in ("one", "two", "three", "four", "five"):
        facts = {"color": "Blue", "material": "Steel"}
        shop.add(word, f"{word} mug {word}s", brand="Acme", attributes=facts)

    with pytest.raises(CatalogError, match="too_common 10"):
        shop.build()


def test_titles_that_name_two_colours_disagree(shop):
    facts = {"color": "Blue", "material": "Steel"}
    shop.add("a", "Acme mug, really green", brand="Acme", attributes=facts)
    shop.add("b", "Blue cup by Acme", brand="Acme", attributes=facts)
    for number in range(3):
        shop.add(f"c{number}", f"Cup {number}", attributes={"color": "Green"})
        shop.add(f"d{number}", f"Jar {number}", attributes={"color": "Blue"})

    with pytest.raises(CatalogError, match="titles_disagree 1"):
        shop.build()


def test_products_clicked_together_often_enough_make_a_pair(shop):
    shop.add("a", "Acme steel mug")
    shop.add("b", "Blue cup")
    shop.add("c", "Glass jar")
    shop.add("d", "Big lamp", category="Home > Lamps")
    visits = [(f"v{visit}", product) for visit in range(3) for product in "abbd"]

    summary = shop.build(clicks=[*visits, ("v9", "a"), ("v9", "c")], min_support=3)

    assert shop.paired == {frozenset("ab")}
    assert set(shop.pairs.made_by) == {"co_clicks"}
    assert summary.removed == {"few_visits": 1, "other_category": 2}


def test_a_crawler_that_clicks_everything_says_nothing(shop):
    for number in range(25):
        shop.add(f"p{number:02}", f"Thing number {number}")
    crawl = [(f"v{visit}", f"p{number:02}") for visit in range(5) for number in range(25)]
    shopper = [(f"s{visit}", product) for visit in range(3) for product in ("p01", "p07")]

    shop.build(clicks=[*crawl, *shopper])

    assert shop.paired == {frozenset(("p01", "p07"))}


def test_events_of_another_shop_are_named_as_such(shop):
    shop.add("a", "Acme steel mug")

    with pytest.raises(CatalogError, match="no visit of the events has clicks on two"):
        shop.build(clicks=[("v", "x"), ("v", "y")])


def test_a_listing_stands_in_two_pairs_at_most(shop):
    for word in ("one", "two", "three", "four", "five", "six"):
        shop.add(word, f"{word} mug {word}s", group_id="g")

    summary = shop.build()

    sides = [*shop.pairs.trigger_product_id, *shop.pairs.recall_product_id]
    assert max(sides.count(product_id) for product_id in sides) == 2
    assert summary.removed["listing_used"] == 15 - summary.pairs["group"]
