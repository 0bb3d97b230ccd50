"""The search API around the live generation: in this process for most tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from serving.search_api.application import build_application
from serving.search_api.config import SearchApiConfig
from tests.shop import Shop
from uniecs.search.engine import SearchEngine

Serve = Callable[..., TestClient]


class DescribedClient(TestClient):
    """Holds every answer against what the application's OpenAPI page says of it."""

    def request(self, method, url, **more):
        answer = super().request(method, url, **more)
        page = self.app.openapi()
        described = page["paths"].get(str(url), {}).get(method.lower())
        if described is not None:
            content = described["responses"][str(answer.status_code)]["content"]
            schema = content["application/json"]["schema"]
            Draft202012Validator({**page, **schema}).validate(answer.json())
        return answer


@pytest.fixture(scope="session")
def serve() -> Iterator[Serve]:
    """Put the API around an engine; a client that asks it on one event loop."""
    with ExitStack() as stack:

        def _serve(engine: SearchEngine, **config: object) -> TestClient:
            patient = {"search_seconds": 60.0} | config  # the machine may be busy
            application = build_application(engine, SearchApiConfig(**patient))
            return stack.enter_context(DescribedClient(application, raise_server_exceptions=False))

        yield _serve


@pytest.fixture(scope="session")
def api(shop: Shop, serve: Serve) -> TestClient:
    """The API around the live generation, for all tests that only ask."""
    return serve(SearchEngine(shop.settings, shop.encoder))


@pytest.fixture(scope="session")
def picture(shop: Shop) -> Path:
    """The picture of a product."""
    return next(shop.catalog.folder / str(p.image) for p in shop.catalog.products if p.image)
