"""A live generation of the demo catalog, made with a tiny real encoder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from uniecs.catalog.reading import Catalog
from uniecs.index.generations import GenerationStore
from uniecs.index.lite_server import stop_lite_server
from uniecs.inference.encoder import Encoder
from uniecs.settings import Settings


@dataclass(frozen=True)
class Shop:
    """An installation whose index is live; read-only, shared by the tests of this room."""

    settings: Settings
    catalog: Catalog
    encoder: Encoder
    generation: str


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
