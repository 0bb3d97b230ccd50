"""A live generation, and the search API around it: in this process for most tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from serving.search_api.application import build_application
from serving.search_api.config import SearchApiConfig
from uniecs.catalog.reading import Catalog
from uniecs.index.generations import GenerationStore
from uniecs.index.lite_server import stop_lite_server
from uniecs.inference.encoder import Encoder
from uniecs.search.engine import SearchEngine
from uniecs.settings import Settings

Serve = Callable[..., TestClient]


@dataclass(frozen=True)
class Shop:
    """An installation whose index is live; its default tenant is read-only."""

    settings: Settings
    catalog: Catalog
    encoder: Encoder
    generation: str

    def tenant(self, name: str) -> Settings:
        return self.settings.model_copy(update={"tenant": name})


@pytest.fixture(scope="session")
def shop(
    tmp_path_factory: pytest.TempPathFactory, accepted_catalog: Path, tiny_model: Path
) -> Iterator[Shop]:
    settings = Settings(home=tmp_path_factory.mktemp("shop"))
    catalog = Catalog(accepted_catalog)
    encoder = Encoder.load(tiny_model)
    store = GenerationStore(settings)
    built = store.build(encoder, catalog, model_folder=tiny_model)
    store.swap(built.id)
    yield Shop(settings, catalog, encoder, built.id)
    stop_lite_server(settings)


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
