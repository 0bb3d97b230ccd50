"""The rankers of an evaluation rank as the engine does."""

from pathlib import Path

import pytest

from tests.shop import Shop
from uniecs.catalog.reading import Query
from uniecs.search.engine import SearchEngine
from uniecs.search.hybrid import catalog_rankers
from uniecs.search.request import SearchRequest


def query(text: str = "", image: Path | None = None, kind: str = "attribute") -> Query:
    return Query(
        query_id=f"{text}{image}", type=kind, text=text, image=image, exclude=None, relevance={},
        source_product_id=None,
    )  # fmt: skip


@pytest.fixture(scope="module")
def rankers(shop: Shop) -> dict:
    return catalog_rankers(shop.encoder, shop.catalog)


def test_hybrid_ranks_as_the_engine_does(shop: Shop, rankers: dict) -> None:
    engine = SearchEngine(shop.settings, shop.encoder)
    picture = next(
        shop.catalog.folder / str(p.image) for p in shop.catalog.products if p.image and p.title
    )

    for text, image in (("red mug", None), ("mug under 40", None), ("", picture), ("red", picture)):
        ranked = rankers["hybrid"]([query(text, image)], 5)[0]
        hits = engine.search(SearchRequest(text=text, image=image, top_k=5)).hits

        common = {name for name, _ in ranked} & {hit.product_id for hit in hits}
        assert len(common) >= 4, (text, ranked, hits)  # ties may differ


def test_a_description_meets_pictures_by_the_encoder_alone(shop: Shop, rankers: dict) -> None:
    queries = [query("a red mug", kind="description_to_image")]

    assert rankers["hybrid"](queries, 10) == rankers["encoder"](queries, 10)


def test_another_view_of_a_product_finds_it_by_its_look(shop: Shop, rankers: dict) -> None:
    views = [
        (product.product_id, shop.catalog.folder / product.image_paths[1])
        for product in shop.catalog.products
        if len(product.image_paths) > 1 and (shop.catalog.folder / product.image_paths[1]).exists()
    ]
    queries = [query("", view, "other_view") for _, view in views]

    found = {
        name: sum(
            product_id in [found for found, _ in answer[:3]]
            for (product_id, _), answer in zip(views, ranker(queries, 3), strict=True)
        )
        for name, ranker in rankers.items()
    }

    assert len(views) >= 10
    assert found["hybrid"] > found["encoder"]


def test_a_picture_that_cannot_be_decoded_gets_no_answer(rankers: dict) -> None:
    assert rankers["hybrid"]([query("", Path("/nowhere.jpg"))], 3) == [[]]


def test_a_description_is_compared_with_pictures_alone(shop: Shop, rankers: dict) -> None:
    answer = rankers["encoder"]([query("a red mug", kind="description_to_image")], 1000)[0]

    pictured = {p.product_id for p in shop.catalog.products if p.image}
    assert {name for name, _ in answer} <= pictured


def test_a_query_that_cannot_be_encoded_gets_no_answer(shop: Shop, rankers: dict) -> None:
    answers = rankers["encoder"]([query("", Path("/nowhere.jpg")), query("mug")], 3)

    assert [len(answer) for answer in answers] == [0, 3]
