"""``uniecs index swap`` and ``rollback`` beside a live release."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.uniecs.index.conftest import WordEncoder, lite_uri, shop, write_catalog
from tests.uniecs.registry.fixtures import Register
from uniecs.cli.app import app
from uniecs.errors import GenerationError
from uniecs.index.generations import GenerationStore
from uniecs.index.ledger import Generation
from uniecs.registry import Registry
from uniecs.releases import ReleaseStore, promote
from uniecs.settings import Settings

__all__ = ["lite_uri"]  # a fixture


def uniecs_index(*words: str) -> Result:
    return CliRunner().invoke(app, ["index", *words])


@pytest.fixture
def installation(lite_uri: str, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation on Milvus Lite, as commands find it."""
    monkeypatch.setenv("UNIECS_MILVUS_URI", lite_uri)
    monkeypatch.setenv("UNIECS_TENANT", "besides")
    return Settings()


@pytest.fixture
def index_of(installation: Settings, tmp_path: Path) -> Callable[[str], Generation]:
    """``index_of(version)`` builds a generation by that model."""
    catalog = write_catalog(tmp_path / "shop", shop(30))
    return lambda version: GenerationStore(installation).build(WordEncoder(version), catalog)


@pytest.fixture
def build(registry: Registry, register: Register, index_of) -> Callable[..., Generation]:
    """``build("first", recall=0.5)``: a generation of a model that is in production by then."""

    def make(name: str, *, recall: float) -> Generation:
        made = register(registry, name, recall=recall)
        promote(registry, made.version, "production")
        return index_of(made.version)

    return make


def deploy(installation: Settings, generation: Generation) -> None:
    store = ReleaseStore(installation)
    store.deploy(store.compose(generation.model_version, generation, None).release_id)


def test_before_the_first_release_any_generation_can_be_swapped_in(build) -> None:
    first, second = build("first", recall=0.5), build("second", recall=0.6)

    done = [uniecs_index("swap", generation.id) for generation in (first, second)]
    back = uniecs_index("rollback")

    assert [result.exit_code for result in (*done, back)] == [0, 0, 0]
    assert back.stdout == f"{first.id} is live: 30 products\n"


def test_beside_a_release_only_a_generation_of_its_model_is_swapped_in(
    build, index_of, installation: Settings
) -> None:
    live = build("first", recall=0.5)
    deploy(installation, live)
    rebuilt, other = index_of(live.model_version), build("second", recall=0.6)

    refused = uniecs_index("swap", other.id)
    after_refusal = GenerationStore(installation).live().id
    swapped = uniecs_index("swap", rebuilt.id)

    assert isinstance(refused.exception, GenerationError)
    assert refused.exception.exit_code == 1
    assert f"uniecs deploy {other.id}" in str(refused.exception)
    assert after_refusal == live.id
    assert swapped.exit_code == 0, swapped.output
    assert GenerationStore(installation).live().id == rebuilt.id


def test_an_alias_is_not_rolled_back_to_another_model_than_the_release_s(
    build, installation: Settings
) -> None:
    deploy(installation, build("first", recall=0.5))
    second = build("second", recall=0.6)
    deploy(installation, second)

    refused = uniecs_index("rollback")

    assert isinstance(refused.exception, GenerationError)
    assert "`uniecs rollback`" in str(refused.exception)
    assert GenerationStore(installation).live().id == second.id
