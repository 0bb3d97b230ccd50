"""Searching a real index with a real, tiny encoder."""

import dataclasses
import io
import os
import threading
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image

from tests.shop import Shop
from uniecs.catalog.reading import Catalog
from uniecs.errors import (
    FilterError,
    GenerationError,
    ModelError,
    ModelMismatch,
    QueryError,
    ServiceUnavailable,
    UniECSError,
    UsageError,
)
from uniecs.index.failures import CollectionGone
from uniecs.index.generations import GenerationStore
from uniecs.index.layout import Capabilities
from uniecs.index.lite_server import stop_lite_server
from uniecs.index.milvus import Milvus
from uniecs.inference.encoder import Encoder
from uniecs.search.engine import SearchEngine
from uniecs.search.request import SearchRequest
from uniecs.settings import Settings


@pytest.fixture
def engine(shop: Shop) -> SearchEngine:
    return SearchEngine(shop.settings, shop.encoder, new_id=lambda: "q-1")


def test_an_answer_keeps_its_contract(engine: SearchEngine, shop: Shop) -> None:
    answer = engine.search(SearchRequest(text="red mug", top_k=5)).as_json()

    assert list(answer) == [
        "query_id", "generation", "model_version", "features", "hits", "timings_ms",
    ]  # fmt: skip
    assert answer["query_id"] == "q-1"
    assert answer["generation"] == shop.generation
    assert answer["model_version"] == shop.encoder.model_version
    assert answer["features"] == "unavailable"
    assert len(answer["hits"]) == 5
    assert set(answer["hits"][0]) == {"product_id", "score", "title", "brand", "price"}
    scores = [hit["score"] for hit in answer["hits"]]
    assert scores == sorted(scores, reverse=True)
    assert set(answer["timings_ms"]) == {"encode", "dense", "lexical", "features", "total"}


def test_words_of_a_title_find_the_product(engine: SearchEngine, shop: Shop) -> None:
    product = next(p for p in shop.catalog.products if p.title and p.brand)

    hits = engine.search(SearchRequest(text=product.title)).hits

    assert product.title in [hit.title for hit in hits]


def test_a_picture_finds_itself(engine: SearchEngine, shop: Shop) -> None:
    product = next(p for p in shop.catalog.products if p.image and not p.title)
    path = shop.catalog.folder / str(product.image)

    by_path = engine.search(SearchRequest(image=path)).hits
    by_bytes = engine.search(SearchRequest(image=path.read_bytes())).hits

    assert by_path[0].product_id == product.product_id
    assert by_bytes == by_path


def test_a_picture_finds_its_product_also_where_words_say_something_else(
    engine: SearchEngine, shop: Shop
) -> None:
    products = [p for p in shop.catalog.products if p.image and p.title][:8]

    for product in products:
        path = shop.catalog.folder / str(product.image)
        assert engine.search(SearchRequest(image=path)).hits[0].product_id == product.product_id


def test_the_look_finds_no_fewer_other_views_than_the_encoder_which_can_be_asked_alone(
    engine: SearchEngine, shop: Shop
) -> None:
    views = [
        (product.product_id, shop.catalog.folder / product.image_paths[1])
        for product in shop.catalog.products
        if len(product.image_paths) > 1 and (shop.catalog.folder / product.image_paths[1]).exists()
    ][:8]

    def found(mode: Literal["hybrid", "dense"]) -> int:
        answers = [
            engine.search(SearchRequest(image=view, top_k=3, mode=mode)).hits for _, view in views
        ]
        return sum(
            product_id in [hit.product_id for hit in hits]
            for (product_id, _), hits in zip(views, answers, strict=True)
        )

    assert found("hybrid") >= max(1, found("dense"))


def test_a_generation_with_looks_of_another_kind_is_searched_without_them(
    shop: Shop, engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = next(shop.catalog.folder / str(p.image) for p in shop.catalog.products if p.image)
    columns: list[object] = []
    nearest = Milvus.nearest

    def recording(self: Milvus, *args: object, **kwargs: object) -> object:
        columns.append(kwargs.get("column", "vector"))
        return nearest(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Milvus, "nearest", recording)
    engine.search(SearchRequest(image=path))
    with_looks, columns = columns, []
    monkeypatch.setattr("uniecs.index.schema.LOOK", "another kind")
    hits = SearchEngine(shop.settings, shop.encoder).search(SearchRequest(image=path)).hits

    assert "look" in with_looks
    assert "look" not in columns
    assert len(hits) == 10


def test_a_picture_query_reaches_products_without_a_picture_last(
    engine: SearchEngine, shop: Shop
) -> None:
    path = next(shop.catalog.folder / str(p.image) for p in shop.catalog.products if p.image)

    hits = engine.search(SearchRequest(image=path, top_k=1000)).hits

    assert {hit.product_id for hit in hits} == set(shop.catalog.by_id)


def test_a_picture_with_words_is_answered_by_both(engine: SearchEngine, shop: Shop) -> None:
    product = next(p for p in shop.catalog.products if p.image and p.title)
    path = shop.catalog.folder / str(product.image)

    answer = engine.search(SearchRequest(text="in red", image=path, top_k=20))

    assert len(answer.hits) == 20
    assert answer.timings_ms["lexical"] > 0


def test_a_filter_holds_for_words_vectors_and_both(engine: SearchEngine, shop: Shop) -> None:
    prices = sorted(p.price for p in shop.catalog.products if p.price is not None)
    limit = prices[len(prices) // 3]

    for mode in ("dense", "hybrid"):
        request = SearchRequest(text="mug", where=f"price < {limit}", top_k=100, mode=mode)
        hits = engine.search(request).hits

        expected = {
            p.product_id for p in shop.catalog.products if p.price is not None and p.price < limit
        }
        assert {hit.product_id for hit in hits} == expected


def test_price_words_bring_what_keeps_them_first_and_lose_nothing(
    engine: SearchEngine, shop: Shop
) -> None:
    prices = sorted(p.price for p in shop.catalog.products if p.price is not None)
    limit = prices[10]

    hits = engine.search(SearchRequest(text=f"mug under {limit}", top_k=40)).hits

    within = [hit.price is not None and hit.price <= limit for hit in hits]
    assert within == sorted(within, reverse=True)
    assert (sum(within), len(hits)) == (sum(price <= limit for price in prices), 40)


def test_our_own_bm25_stands_in_where_the_server_has_none(
    engine: SearchEngine, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = SearchRequest(text="red mug", where="price < 1000", top_k=5)
    with_server = engine.search(request)
    without = Capabilities("v2.3.5", bm25=False, pictures=False, upsert=True, index_type="IVF_FLAT")
    bare = SearchEngine(shop.settings, shop.encoder)
    monkeypatch.setattr(bare._store.milvus, "capabilities", without)

    first, again = bare.search(request), bare.search(request)

    assert [hit.product_id for hit in first.hits] == [hit.product_id for hit in again.hits]
    common = {h.product_id for h in first.hits} & {h.product_id for h in with_server.hits}
    assert len(common) >= 4  # the same formula over the same terms; ties may differ
    assert (shop.settings.root / "index" / shop.generation / "bm25" / "rows.json").exists()


def test_mistakes_in_a_request_are_told_before_anything_is_loaded(settings: Settings) -> None:
    engine = SearchEngine(settings)

    with pytest.raises(QueryError, match="neither text nor image"):
        SearchRequest(text="  ")
    with pytest.raises(QueryError, match=r"not valid Unicode: character 1 is '\\udcff'"):
        SearchRequest(text="\udcff mug")
    with pytest.raises(UsageError, match="1 to 1000"):
        SearchRequest(text="mug", top_k=1001)
    with pytest.raises(QueryError, match="limit is 2000"):
        SearchRequest(text="x" * 2001)
    with pytest.raises(FilterError, match="Unknown column 'colour'"):
        engine.search(SearchRequest(text="mug", where="colour == 'red'"))


def test_without_a_live_generation_the_message_says_what_to_do(shop: Shop) -> None:
    elsewhere = shop.settings.model_copy(update={"tenant": "nobody"})

    with pytest.raises(GenerationError, match="uniecs index build"):
        SearchEngine(elsewhere, shop.encoder).search(SearchRequest(text="mug"))


@pytest.mark.parametrize("content", [b"not a picture", b"\xff\xd8\xff\xe0truncated"])
def test_an_unusable_picture_is_the_queries_fault(engine: SearchEngine, content: bytes) -> None:
    with pytest.raises(QueryError, match="picture cannot be used"):
        engine.search(SearchRequest(image=content))


def test_a_picture_over_the_pixel_cap_is_refused(engine: SearchEngine) -> None:
    buffer = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(buffer, "PNG")

    with pytest.raises(QueryError, match="over the cap"):
        engine.search(SearchRequest(image=buffer.getvalue()))


def test_vectors_of_another_model_are_refused_with_both_versions(shop: Shop) -> None:
    other = Encoder.__new__(Encoder)
    other.__dict__.update(shop.encoder.__dict__ | {"model_version": "m-other"})

    with pytest.raises(ModelMismatch) as error:
        SearchEngine(shop.settings, other).search(SearchRequest(text="mug"))

    assert (error.value.expected, error.value.got) == (shop.encoder.model_version, "m-other")


def test_the_encoder_of_the_generation_is_found_where_it_was_at_build_time(shop: Shop) -> None:
    answer = SearchEngine(shop.settings).search(SearchRequest(text="mug"))

    assert answer.model_version == shop.encoder.model_version


def test_a_model_that_is_nowhere_is_named(shop: Shop, tmp_path: Path) -> None:
    from uniecs.search.encoders import EncoderShelf

    live = GenerationStore(shop.settings).live()
    lost = dataclasses.replace(live, model_folder=str(tmp_path / "gone"))

    with pytest.raises(ModelError, match=f"needs model {live.model_version}"):
        EncoderShelf(shop.settings).fitting(lost)


def test_a_server_that_was_stopped_is_started_again_by_the_next_search(
    fresh_home: Path, accepted_catalog: Path, shop: Shop
) -> None:
    settings = Settings(home=fresh_home)
    store = GenerationStore(settings)
    store.swap(store.build(shop.encoder, Catalog(accepted_catalog)).id)
    engine = SearchEngine(settings, shop.encoder)
    before = engine.search(SearchRequest(text="mug"))
    stop_lite_server(settings)

    after = engine.search(SearchRequest(text="mug"))

    assert after.hits == before.hits


def test_searches_never_fail_while_generations_are_built_swapped_and_dropped(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = shop.settings.model_copy(update={"tenant": "busy"})
    store = GenerationStore(settings)
    store.swap(store.build(shop.encoder, shop.catalog).id)
    stop = threading.Event()
    failures: list[BaseException] = []
    generations: list[str] = []

    def search() -> None:
        engine = SearchEngine(settings, shop.encoder)
        while not stop.is_set():
            try:
                answer = engine.search(SearchRequest(text="red mug under 50", where="price > 1"))
                assert len(answer.hits) == 10
                generations.append(answer.generation)
            except BaseException as error:
                failures.append(error)
                return

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(4):  # each swap drops the generation before the last
        store.swap(store.build(shop.encoder, shop.catalog).id)
        seen = len(generations)
        while len(generations) < seen + 2 and not failures:
            stop.wait(0.01)
    stop.set()
    for thread in threads:
        thread.join(60)

    assert failures == []
    assert len(set(generations)) >= 4


@pytest.mark.slow
def test_a_server_without_bm25_and_second_vectors_answers_every_kind_of_query(
    shop: Shop, fresh_home: Path, server_uri: str
) -> None:
    settings = Settings(home=fresh_home, milvus_uri=server_uri, tenant=f"t{os.getpid()}")
    store = GenerationStore(settings)
    built = store.swap(store.build(shop.encoder, shop.catalog).id)
    engine = SearchEngine(settings, shop.encoder)
    path = next(shop.catalog.folder / str(p.image) for p in shop.catalog.products if p.image)

    for text, image in (("red mug under 50", None), ("", path), ("in red", path)):
        answer = engine.search(SearchRequest(text=text, image=image, where="price > 1"))

        assert (answer.generation, len(answer.hits)) == (built.id, 10)
        assert all(hit.price is not None and hit.price > 1 for hit in answer.hits)


def test_a_search_whose_generation_was_dropped_meanwhile_starts_over(
    shop: Shop, engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    nearest = Milvus.nearest
    calls: list[int] = []

    def gone_once(self: Milvus, *args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise CollectionGone("dropped")
        return nearest(self, *args, **kwargs)

    monkeypatch.setattr(Milvus, "nearest", gone_once)

    assert engine.search(SearchRequest(text="mug")).hits
    assert len(calls) >= 2


@pytest.mark.parametrize(
    ("failures", "opened"),
    [
        ([CollectionGone("dropped"), ServiceUnavailable("stopped")], 1),
        ([ServiceUnavailable("stopped"), CollectionGone("dropped")], 1),
        ([ServiceUnavailable("stopped"), ServiceUnavailable("stopped still")], None),
        ([CollectionGone("dropped")] * 4, None),
    ],
)
def test_a_search_connects_anew_once_whenever_the_server_went_away(
    engine: SearchEngine,
    monkeypatch: pytest.MonkeyPatch,
    failures: list[UniECSError],
    opened: int | None,
) -> None:
    waiting, nearest, reconnect = list(failures), Milvus.nearest, engine._store.reconnect
    reconnects: list[int] = []

    def failing(self: Milvus, *args: object, **kwargs: object) -> object:
        if waiting:
            raise waiting.pop(0)
        return nearest(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Milvus, "nearest", failing)
    monkeypatch.setattr(engine._store, "reconnect", lambda: (reconnects.append(1), reconnect()))

    if opened is None:
        with pytest.raises(type(failures[-1]), match=str(failures[-1])):
            engine.search(SearchRequest(text="mug"))
    else:
        assert engine.search(SearchRequest(text="mug")).hits
        assert len(reconnects) == opened
