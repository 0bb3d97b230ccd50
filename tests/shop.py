"""An installation with a live generation, as tests of search and of its API meet it."""

from dataclasses import dataclass
from pathlib import Path

from uniecs.catalog.reading import Catalog
from uniecs.index.generations import GenerationStore
from uniecs.inference.encoder import Encoder
from uniecs.settings import Settings


@dataclass(frozen=True)
class Shop:
    """An installation whose index is live; its default tenant is read-only."""

    settings: Settings
    catalog: Catalog
    encoder: Encoder
    generation: str

    def tenant(self, name: str) -> Settings:
        return self.settings.model_copy(update={"tenant": name})


def open_shop(home: Path, catalog: Path, model: Path) -> Shop:
    """Build a generation of ``catalog`` under ``home`` and make it live."""
    settings = Settings(home=home)
    listed, encoder = Catalog(catalog), Encoder.load(model)
    store = GenerationStore(settings)
    built = store.build(encoder, listed, model_folder=model)
    store.swap(built.id)
    return Shop(settings, listed, encoder, built.id)
