"""`POST /v1/search` answers as `uniecs search --json` does, within its limits."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.shop import Shop
from uniecs.index.generations import GenerationStore
from uniecs.inference.encoder import Encoder
from uniecs.search.engine import SearchEngine
from uniecs.search.request import SearchRequest

from .conftest import Serve


def b64(data: bytes) -> dict[str, str]:
    return {"b64": base64.b64encode(data).decode()}


def test_an_answer_is_that_of_the_engine(api: TestClient, shop: Shop, picture: Path) -> None:
    engine = SearchEngine(shop.settings, shop.encoder)
    asked = {"text": "in red", "where": "price < 1000", "top_k": 3, "mode": "dense"}
    request = SearchRequest(**asked, image=picture)
    expected = engine.search(request).as_json()

    answer = api.post("/v1/search", json=asked | {"image": b64(picture.read_bytes())})

    assert answer.status_code == 200
    found = answer.json()
    assert list(found) == list(expected)
    assert found["generation"] == shop.generation
    assert found["hits"] == expected["hits"]
    assert len(found["hits"]) == 3
    assert set(found["timings_ms"]) == set(expected["timings_ms"])


def test_a_text_or_a_picture_alone_is_enough_and_absent_fields_may_be_null(
    api: TestClient, picture: Path
) -> None:
    nulls = {"text": None, "image": None, "where": None}

    by_text = api.post("/v1/search", json=nulls | {"text": "red mug"})
    by_picture = api.post("/v1/search", json=nulls | {"image": b64(picture.read_bytes())})

    assert [len(answer.json()["hits"]) for answer in (by_text, by_picture)] == [10, 10]


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({}, 400, "query", "neither text nor image"),
        ({"text": " ", "image": {"b64": ""}}, 400, "query", "neither text nor image"),
        ({"image": {"b64": "bm8gcGljdHVyZQ=="}}, 400, "query", "picture cannot be used"),
        ({"text": "mug", "where": "colour == 'red'"}, 400, "filter", "Unknown column 'colour'"),
        ({"text": "mug", "where": "x" * 2001}, 400, "filter", "limit is 2000"),
        ({"text": "x" * 2001}, 422, "text_too_long", "max_text_chars = 2000"),
        ({"image": {"b64": "A" * 13_400_000}}, 413, "too_many_bytes", "max_image_bytes = 10000000"),
        ({"text": "x" * 16_000_001}, 413, "too_large", "max_body_bytes = 16000000"),
        ({"image": {"b64": "%%%%"}}, 422, "base64", "not base64"),
        ({"text": "mug", "top_k": 1001}, 422, "malformed", "body.top_k: Input should be less"),
        ({"text": "mug", "top_k": 0}, 422, "malformed", "top_k"),
        ({"text": "mug", "top_k": "5"}, 422, "malformed", "top_k"),
        ({"text": "mug", "mode": "magic"}, 422, "malformed", "'hybrid' or 'dense'"),
        ({"text": "mug", "size": 3}, 422, "malformed", "body.size: Extra inputs"),
        ({"text": 7}, 422, "malformed", "body.text"),
        ([], 422, "malformed", "body"),
    ],
)
def test_a_request_out_of_bounds_is_told_which(
    api: TestClient, body: object, status: int, code: str, words: str
) -> None:
    answer = api.post("/v1/search", json=body)

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), error
    assert words in error["message"]
    assert len(answer.content) < 500  # the input is not sent back


def test_a_filter_error_carries_its_position(api: TestClient) -> None:
    answer = api.post("/v1/search", json={"text": "mug", "where": "price < 5 and colour == 'x'"})

    assert answer.json()["error"]["position"] == 14


def test_a_lone_surrogate_is_no_text(api: TestClient) -> None:
    for body in ('{"text": "\\ud800"}', '{"text": "mug", "where": "\\ud800"}', '{"\\ud800": 1}'):
        answer = api.post("/v1/search", content=body, headers={"content-type": "application/json"})

        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "malformed")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "text": anything,
        "image": anything | st.fixed_dictionaries({"b64": anything}),
        "where": anything | st.text("price<5 and()'\"[]", max_size=12),
        "top_k": anything,
        "mode": anything | st.just("dense"),
    },
)


@given(bodies | anything)
@settings(max_examples=60, deadline=None)
def test_any_body_gets_an_answer_below_500(api: TestClient, body: object) -> None:
    answer = api.post(
        "/v1/search", content=json.dumps(body), headers={"content-type": "application/json"}
    )

    assert answer.status_code in (200, 400, 422), answer.text
    assert ("error" in answer.json()) == (answer.status_code != 200)


def test_a_path_that_does_not_exist_is_answered_like_every_error(api: TestClient) -> None:
    assert api.get("/nothing").json() == {"error": {"code": "not_served", "message": "Not Found"}}
    assert api.get("/v1/search").status_code == 405


def test_vectors_of_another_model_are_refused_with_both_versions(shop: Shop, serve: Serve) -> None:
    other = Encoder.__new__(Encoder)
    other.__dict__.update(shop.encoder.__dict__ | {"model_version": "m-other"})

    answer = serve(SearchEngine(shop.settings, other)).post("/v1/search", json={"text": "mug"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (409, "model_mismatch")
    assert (error["expected"], error["got"]) == (shop.encoder.model_version, "m-other")


def test_a_swap_is_followed_by_the_next_search(shop: Shop, serve: Serve) -> None:
    mine = shop.tenant("swapped")
    api = serve(SearchEngine(mine, shop.encoder), probe_age_seconds=0)
    store = GenerationStore(mine)
    before = api.post("/v1/search", json={"text": "mug"})
    assert (before.status_code, before.json()["error"]["code"]) == (503, "generation")
    assert before.headers["retry-after"] == "1"
    assert "uniecs index build" in api.get("/readyz").json()["error"]["message"]
    assert api.get("/readyz").status_code == 503

    for _ in range(2):
        live = store.build(shop.encoder, shop.catalog).id
        store.swap(live)

        assert api.post("/v1/search", json={"text": "mug"}).json()["generation"] == live
        assert api.get("/readyz").json()["generation"] == live
        shown = [line for line in api.get("/metrics").text.splitlines() if "tion_info{" in line]
        assert len(shown) == 1
        assert f'generation="{live}"' in shown[0]
