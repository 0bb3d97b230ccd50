"""A deployment that fails takes back what it moved, and nothing else."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from uniecs.errors import ServiceUnavailable
from uniecs.index.generations import GenerationStore
from uniecs.index.ledger import Generation, Ledger
from uniecs.loop import deploy
from uniecs.releases import ReleaseStore, promote


def busy(_settings, *, point, undo, **_model):
    """A running server that followed, and was then too busy to answer the check."""
    point()
    undo()
    raise ServiceUnavailable("answered 503: 64 items wait")


def serving(_settings, *, point, **_model):
    point()

    class Proof:
        def model_dump(self, **_):
            return {"server": "local", "check": {"v1_ms": 1.0, "v2_ms": 1.0}}

    return Proof()


class Killed(BaseException):
    """Stands for SIGKILL."""


def killed(_settings, *, point, **_model):
    point()
    raise Killed


@pytest.fixture
def parts(registry, register, settings, monkeypatch) -> Callable[..., deploy.DeploySpec]:
    """``parts("first")``: a model in production, and a generation of it that can go live."""
    monkeypatch.setattr(GenerationStore, "swap", lambda *_: None)
    ledger = Ledger(settings)

    def make(name: str, *, recall: float) -> deploy.DeploySpec:
        made = register(registry, name, recall=recall)
        promote(registry, made.version, "production")
        ledger.add(
            Generation(
                id=f"g-{name}", state="warm", tenant=settings.tenant, collection=f"uniecs_{name}",
                rows=1, loaded=1, model_version=made.version, dim=4, metric="COSINE", view="IT",
                processor_digest=made.processor_digest, catalog_digest="c" * 64, schema_hash="s",
                embeddings="", model_folder="", replaced="", created=datetime.now(UTC),
            )
        )  # fmt: skip
        return deploy.DeploySpec(
            run_id="r",
            model_version=made.version,
            generation=f"g-{name}",
            feature_service="catalog_v1",
        )

    return make


@pytest.fixture
def live(settings) -> Callable[[], str]:
    return lambda: ReleaseStore(settings).live().model_version


def test_a_new_release_that_fails_its_check_gives_way_to_the_one_before(
    parts, settings, registry, live
):
    first = parts("first", recall=0.5)
    deploy.run(first, settings, serving)
    second = parts("second", recall=0.6)

    with pytest.raises(ServiceUnavailable):
        deploy.run(second, settings, busy)

    assert live() == first.model_version
    assert registry.board().production == first.model_version


def test_a_live_release_that_is_deployed_again_stays_live_when_its_check_fails(
    parts, settings, registry, live
):
    deploy.run(parts("first", recall=0.5), settings, serving)
    second = parts("second", recall=0.6)
    deploy.run(second, settings, serving)
    shutil.rmtree(settings.steps_dir / "deploy")  # as after an upgrade: no output has its key

    with pytest.raises(ServiceUnavailable):
        deploy.run(second, settings, busy)

    assert live() == second.model_version
    assert registry.board().production == second.model_version
    assert not deploy.run(second, settings, serving).reused


def test_a_deployment_killed_in_its_check_is_still_undone_by_the_run_that_goes_on(
    parts, settings, live, monkeypatch
):
    first = parts("first", recall=0.5)
    deploy.run(first, settings, serving)
    second = parts("second", recall=0.6)
    with monkeypatch.context() as patched, suppress(Killed):
        patched.setattr(Path, "unlink", lambda *_, **__: None)  # a killed process tidies nothing
        deploy.run(second, settings, killed)
    assert live() == second.model_version

    with pytest.raises(ServiceUnavailable):
        deploy.run(second, settings, busy)

    assert live() == first.model_version
