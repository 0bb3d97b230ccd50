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


def test_without_words_hybrid_is_the_encoder(shop: Shop, rankers: dict) -> None:
    picture = next(shop.catalog.folder / str(p.image) for p in shop.catalog.products if p.image)
    queries = [query("", picture), query("a red mug", kind="description_to_image")]

    assert rankers["hybrid"](queries, 10) == rankers["encoder"](queries, 10)


def test_a_description_is_compared_with_pictures_alone(shop: Shop, rankers: dict) -> None:
    answer = rankers["encoder"]([query("a red mug", kind="description_to_image")], 1000)[0]

    pictured = {p.product_id for p in shop.catalog.products if p.image}
    assert {name for name, _ in answer} <= pictured


def test_a_query_that_cannot_be_encoded_gets_no_answer(shop: Shop, rankers: dict) -> None:
    answers = rankers["encoder"]([query("", Path("/nowhere.jpg")), query("mug")], 3)

    assert [len(answer) for answer in answers] == [0, 3]
