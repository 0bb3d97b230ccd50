"""A model that cannot serve is not promoted, and nothing has moved."""

import pytest

from serving.rollout import check_temporarily
from tests.uniecs.registry.making import make_gate
from tests.uniecs.releases.conftest import Generation
from uniecs.errors import ModelError
from uniecs.loop import promote
from uniecs.releases import ReleaseStore
from uniecs.releases import promote as promote_by_hand


@pytest.fixture
def alias() -> list[str]:
    """Where the index alias was pointed, in order."""
    return []


@pytest.fixture
def store(registry, settings, alias) -> ReleaseStore:
    return ReleaseStore(settings, swap_generation=alias.append)


@pytest.fixture
def spec(registry, register, store, publish) -> promote.PromoteSpec:
    """A first model is live; the gate agrees with a second, a candidate that holds no weights."""
    first = register(registry, "first", recall=0.5)
    promote_by_hand(registry, first.version, "production")
    release = store.compose(first.version, Generation("g-first", first.version), None)
    store.deploy(release.release_id)
    second = register(registry, "second", recall=0.6)
    registry.transition(second.version, "candidate")
    gate = make_gate(second.version, second.report_digest, first.report_digest)

    def work(folder):
        (folder / "gate.json").write_text(gate.model_dump_json())
        return {}

    return promote.PromoteSpec(
        run_id="r", judged=publish("judged", work), model_version=second.version
    )


def test_a_model_that_cannot_serve_leaves_stages_pointer_and_live_release_as_they_were(
    spec, registry, store, settings, alias
):
    pointer = (settings.root / "release.json").read_bytes()
    stages, live = registry.board(), store.live()

    with pytest.raises(ModelError, match="ended with code"):
        promote.run(spec, settings, check_temporarily)

    assert registry.board() == stages
    assert registry.get(spec.model_version).stage == "candidate"
    assert (settings.root / "release.json").read_bytes() == pointer
    assert ReleaseStore(settings, swap_generation=alias.append).live() == live
    assert alias == ["g-first"]


def test_a_model_that_serves_is_promoted_by_the_same_gate_afterwards(spec, registry, settings):
    def fail(_folder, _version):
        raise ModelError("the server ended")

    with pytest.raises(ModelError):
        promote.run(spec, settings, fail)
    proven = []

    promote.run(spec, settings, lambda *asked: proven.append(asked))
    again = promote.run(spec, settings, fail)

    made = registry.get(spec.model_version)
    assert proven == [(made.folder, made.version)]
    assert made.stage == "production"
    assert again.reused
    assert again.report["stage"] == "production"
