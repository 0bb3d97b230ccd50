"""An index that is an alias alone, and releases of small models that the registry holds."""

import json
from dataclasses import dataclass

import pytest

from tests.uniecs.registry.fixtures import *  # noqa: F403 - fixtures must be named here
from uniecs.errors import GenerationError
from uniecs.releases import ReleaseStore, promote


@dataclass(frozen=True)
class Generation:
    id: str
    model_version: str
    catalog_digest: str = "c" * 64


class Index:
    """An alias that can be pointed at a generation, until one is gone."""

    def __init__(self):
        self.alias = None
        self.gone = set()

    def swap(self, generation):
        if generation in self.gone:
            raise GenerationError(f"Generation {generation} is retired")
        self.alias = generation


@pytest.fixture
def index():
    return Index()


@pytest.fixture
def store(registry, settings, index):
    return ReleaseStore(settings, swap_generation=index.swap)


@pytest.fixture
def release(registry, register, store):
    """``release("first", recall)`` promotes a model and composes a release of it."""

    def make(name, *, recall=0.5, generation=None):
        made = register(registry, name, recall=recall)
        promote(registry, made.version, "production")
        return store.compose(
            made.version, Generation(generation or f"g-{name}", made.version), "catalog_v1"
        )

    return make


def pointer(settings):
    return json.loads((settings.root / "release.json").read_text())


def stages(registry):
    return {made.lineage["run"]: made.stage for made in registry.list()}
