from typing import TYPE_CHECKING, Any

import pytest

from uniecs.catalog.demo.facts import Listing
from uniecs.catalog.demo.queries import composed_queries, other_view_queries
from uniecs.catalog.demo.vocabulary import COLOURS, PATTERNS
from uniecs.catalog.demo.wishes import Wish, attribute_queries

if TYPE_CHECKING:
    from conftest import Generated

MAKERS = (attribute_queries, other_view_queries, composed_queries)


def facts_by_id(demo: "Generated") -> dict[str, dict[str, Any]]:
    return {
        facts["product_id"]: facts | row
        for facts, row in zip(demo.facts, demo.rows, strict=True)
        if facts["defect"] is None
    }


@pytest.mark.parametrize("make", MAKERS)
def test_a_full_catalog_has_150_queries_of_each_type_over_all_splits(
    plan: list[Listing], make: Any
) -> None:
    split = {one.product_id: one.variant.design.split for one in plan}

    queries = make(7, plan, 150)

    sources = [split[query.row["source_product_id"]] for query in queries]
    assert len(queries) == len({query.row["query_id"] for query in queries}) == 150
    assert sources.count("test") >= 40
    assert sources.count("val") >= 20
    assert sources.count("train") >= 40


@pytest.mark.parametrize("make", MAKERS)
def test_judgements_name_sound_products_only_and_always_a_right_one(
    plan: list[Listing], make: Any
) -> None:
    known = {one.product_id for one in plan if one.defect is None}

    for query in make(7, plan, 150):
        assert set(query.relevance) <= known
        assert set(query.relevance.values()) <= {1, 2}
        assert 2 in query.relevance.values()


def test_attribute_judgements_follow_from_the_facts(demo: "Generated") -> None:
    facts = facts_by_id(demo)
    names = {"colour": "colour", "material": "material", "pattern": "pattern"}
    for query in demo.queries_of("attribute"):
        asked = query["constraints"]
        judged = demo.relevance[query["query_id"]]
        for product, gain in judged.items():
            fact = facts[product]
            missed = [name for name in names if name in asked and fact[name] != asked[name]]
            missed += ["brand"] * ("brand" in asked and fact["brand"] != asked["brand"])
            missed += ["max_price"] * (fact["price"] >= asked.get("max_price", float("inf")))
            assert fact["type"] == asked["type"]
            assert len(missed) == 2 - gain
        assert judged[query["source_product_id"]] == 2
        assert sum(gain == 2 for gain in judged.values()) == query["n_rel2"]


def test_attribute_texts_say_what_is_asked(demo: "Generated") -> None:
    for query in demo.queries_of("attribute"):
        asked = query["constraints"]
        assert asked.get("colour", "") in query["text"]
        assert asked.get("brand", "") in query["text"]
        assert str(asked.get("max_price", "")) in query["text"]
        if "pattern" in asked:
            assert any(word in query["text"] for word in PATTERNS[asked["pattern"]])


def test_other_view_is_right_for_the_variant_and_partial_for_its_other_colours(
    demo: "Generated",
) -> None:
    facts = facts_by_id(demo)
    for query in demo.queries_of("other_view"):
        source = facts[query["source_product_id"]]
        expected = {
            product: 2 if fact["variant"] == source["variant"] else 1
            for product, fact in facts.items()
            if fact["group_id"] == source["group_id"]
        }
        assert demo.relevance[query["query_id"]] == expected


def test_pictures_of_other_views_are_no_pictures_of_the_catalog(demo: "Generated") -> None:
    paths = {path for row in demo.rows for path in row["image_paths"]}
    stored = {path.read_bytes() for path in (demo.folder / "images").iterdir()}

    for query in demo.queries_of("other_view"):
        assert query["image_path"] not in paths
        assert (demo.folder / query["image_path"]).read_bytes() not in stored


def test_composed_wishes_lead_to_the_wanted_colour_of_the_same_design(demo: "Generated") -> None:
    facts = facts_by_id(demo)
    for query in demo.queries_of("composed"):
        source = facts[query["source_product_id"]]
        colour = next(one.name for one in COLOURS if one.name in query["text"].split())
        judged = demo.relevance[query["query_id"]]
        assert query["image_path"] == source["image_paths"][0]
        assert colour != source["colour"]
        assert query["source_product_id"] not in judged
        for product, gain in judged.items():
            assert facts[product]["group_id"] == source["group_id"]
            assert (gain == 2) == (facts[product]["colour"] == colour)


def test_a_listing_without_text_never_fulfils_a_wish_for_a_brand(plan: list[Listing]) -> None:
    mute = next(one for one in plan if not one.has_text)
    design = mute.variant.design

    asked = Wish(type=design.type.name, brand=design.brand.name)

    assert asked.relevance(mute) == 0
    assert Wish(type=design.type.name, colour=mute.variant.colour.name).relevance(mute) == 2
