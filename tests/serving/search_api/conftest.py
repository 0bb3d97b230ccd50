"""The search API around the live generation: in this process for most tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.search_api.application import build_application
from serving.search_api.config import SearchApiConfig
from tests.shop import Shop
from uniecs.search.engine import SearchEngine

Serve = Callable[..., TestClient]


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Put the API around an engine; a client that asks it on one event loop."""
    with ExitStack() as stack:

        def _serve(engine: SearchEngine, **config: object) -> TestClient:
            application = build_application(engine, SearchApiConfig(**config))
            return stack.enter_context(TestClient(application, raise_server_exceptions=False))

        yield _serve


@pytest.fixture(scope="session")
def api(shop: Shop, serve: Serve) -> TestClient:
    """The API around the live generation, for all tests that only ask."""
    return serve(SearchEngine(shop.settings, shop.encoder))


@pytest.fixture(scope="session")
def picture(shop: Shop) -> Path:
    """The picture of a product."""
    return next(shop.catalog.folder / str(p.image) for p in shop.catalog.products if p.image)
