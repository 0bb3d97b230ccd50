"""Health, readiness, metrics, and bounds on what runs at the same time."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from tests.shop import Shop
from uniecs.search.deadline import Deadline
from uniecs.search.engine import SearchEngine
from uniecs.search.request import SearchRequest, SearchResponse
from uniecs.settings import Settings

from .conftest import Serve


class Gated(SearchEngine):
    """An engine whose searches start, then wait for the gate."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop.settings, shop.encoder)
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)
        self.count = 0

    def search(self, request: SearchRequest, *, deadline: Deadline | None = None) -> SearchResponse:
        self.count += 1
        self.started.release()
        assert self.gate.wait(60)
        return super().search(request, deadline=deadline)


def test_readiness_names_what_a_real_search_found(api: TestClient, shop: Shop) -> None:
    assert api.get("/healthz").json() == {"live": True}
    answer = api.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "ready": True, "generation": shop.generation, "model_version": shop.encoder.model_version,
    }  # fmt: skip


def test_a_server_that_does_not_answer_is_503_and_the_reason_is_told(
    shop: Shop, serve: Serve, settings: Settings
) -> None:
    nowhere = settings.model_copy(update={"milvus_uri": "http://127.0.0.1:9"})
    api = serve(SearchEngine(nowhere, shop.encoder))

    ready = api.get("/readyz")

    assert (ready.status_code, ready.json()["ready"]) == (503, False)
    assert ready.json()["error"]["code"] == "service_unavailable"
    assert "127.0.0.1:9" in ready.json()["error"]["message"]
    assert api.get("/healthz").status_code == 200


def test_searches_past_the_bound_are_refused_at_once_and_the_others_answered(
    shop: Shop, serve: Serve
) -> None:
    engine = Gated(shop)
    api = serve(engine, max_running=2, max_waiting=1, retry_after_seconds=3)

    def ask() -> int:
        return api.post("/v1/search", json={"text": "mug"}).status_code

    with ThreadPoolExecutor(4) as pool:
        admitted = [pool.submit(ask) for _ in range(3)]
        for _ in range(2):
            assert engine.started.acquire(timeout=30)
        while "admitted 3.0" not in api.get("/metrics").text:
            assert not any(one.done() for one in admitted)
        refused = api.post("/v1/search", json={"text": "mug"})
        assert engine.count == 2  # the third waits, the fourth never came in
        engine.gate.set()

        assert [one.result() for one in admitted] == [200, 200, 200]
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "3")
    assert refused.json()["error"]["code"] == "busy"
    assert ask() == 200


def test_a_search_past_its_deadline_is_504_and_keeps_its_place_until_it_ends(
    shop: Shop, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    engine = Gated(shop)
    api = serve(engine, search_seconds=0.2, max_running=1, max_waiting=1)

    with ThreadPoolExecutor(2) as pool, caplog.at_level(logging.DEBUG):
        answers = list(
            pool.map(lambda _: api.post("/v1/search", json={"text": "secret wish"}), range(2))
        )

        assert [answer.status_code for answer in answers] == [504, 504]
        assert answers[0].json()["error"]["code"] == "deadline"
        assert "more than 0.2 s" in answers[0].json()["error"]["message"]
        assert answers[0].headers["retry-after"] == "1"
        assert engine.count == 1  # the other gave up while it waited for its turn
        assert "uniecs_search_admitted 1.0" in api.get("/metrics").text
        engine.gate.set()
        while "uniecs_search_admitted 0.0" not in api.get("/metrics").text:
            pass
    assert "secret wish" not in caplog.text


def test_many_probes_share_one_search_and_a_slow_one_is_not_ready(shop: Shop, serve: Serve) -> None:
    engine = Gated(shop)
    api = serve(engine, probe_seconds=0.2, max_running=1, max_waiting=0)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.get("/readyz"), range(4)))

    assert {answer.status_code for answer in answers} == {503}
    assert "more than 0.2 s" in answers[0].json()["error"]["message"]
    assert engine.count == 1
    engine.gate.set()
    while api.get("/readyz").status_code != 200:
        assert engine.count < 50


def test_metrics_count_answers_errors_and_stages(shop: Shop, serve: Serve) -> None:
    api = serve(SearchEngine(shop.settings, shop.encoder))
    for text in ("mug", "lamp", ""):
        api.post("/v1/search", json={"text": text})

    page = api.get("/metrics").text

    assert 'uniecs_search_requests_total{outcome="ok"} 2.0' in page
    assert 'uniecs_search_requests_total{outcome="query"} 1.0' in page
    assert 'uniecs_search_seconds_count{stage="encode"} 2.0' in page
    assert 'uniecs_search_features_total{status="unavailable"} 2.0' in page
    assert f'generation="{shop.generation}"' in page
    names = {line.split("{")[0].split()[0] for line in page.splitlines() if line[0] != "#"}
    assert all(name.startswith("uniecs_search_") for name in names)


def test_an_unforeseen_failure_is_500_and_no_text_reaches_the_log(
    shop: Shop, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(SearchEngine):
        def search(self, request: SearchRequest, **_more: object) -> SearchResponse:
            raise RuntimeError(f"cannot handle {request.text!r}")

    api = serve(Broken(shop.settings, shop.encoder))
    with caplog.at_level(logging.DEBUG):
        answer = api.post("/v1/search", json={"text": "my secret wish"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert "RuntimeError" in caplog.text
    assert "secret wish" not in caplog.text + answer.text
