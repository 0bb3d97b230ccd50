"""A search ends by itself soon after its deadline, whatever it waits for."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.shop import Shop
from uniecs.errors import DeadlineExceeded, ServiceUnavailable
from uniecs.search.deadline import Deadline
from uniecs.search.engine import SearchEngine
from uniecs.search.request import SearchRequest
from uniecs.settings import Settings


@pytest.fixture
def silent_server() -> Iterator[str]:
    """URI of a server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_time_runs_from_the_beginning_and_never_below_zero() -> None:
    now = [10.0]
    deadline = Deadline(2, clock=lambda: now[0])
    deadline.check()
    now[0] = 11.5
    assert deadline.remaining == 0.5
    deadline.check()
    now[0] = 12.5

    assert deadline.remaining == 0
    with pytest.raises(DeadlineExceeded, match="more than 2 s"):
        deadline.check()


def test_a_search_begins_no_stage_after_its_deadline(shop: Shop) -> None:
    engine = SearchEngine(shop.settings, shop.encoder)

    with pytest.raises(DeadlineExceeded):
        engine.search(SearchRequest(text="mug"), deadline=Deadline(0))

    assert engine.search(SearchRequest(text="mug"), deadline=Deadline(60)).hits


def test_a_milvus_that_says_nothing_holds_no_search(
    silent_server: str, shop: Shop, settings: Settings
) -> None:
    silent = settings.model_copy(update={"milvus_uri": silent_server})
    engine = SearchEngine(silent, shop.encoder, milvus_seconds=0.2)
    start = time.monotonic()

    with pytest.raises((DeadlineExceeded, ServiceUnavailable)):
        engine.search(SearchRequest(text="mug"), deadline=Deadline(0.2))

    assert time.monotonic() - start < 10
