"""A deployment or rollback that was cut off is finished, or taken back, by the next open."""

import sqlite3

import pytest

from uniecs.errors import ServiceUnavailable
from uniecs.registry import Registry
from uniecs.releases import ReleaseStore
from uniecs.releases import store as store_module
from uniecs.releases.ledger import ReleaseLedger

from .conftest import Generation, pointer, stages


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the library catches it, and locks are freed."""


def test_a_deployment_that_lost_its_index_half_way_is_finished_later(
    store, release, index, settings
):
    first = release("first")

    def unreachable(_generation):
        raise ServiceUnavailable("Milvus does not answer")

    with pytest.raises(ServiceUnavailable):
        ReleaseStore(settings, swap_generation=unreachable).deploy(first.release_id)

    assert ReleaseStore(settings, swap_generation=index.swap).live().release_id == first.release_id
    assert index.alias == "g-first"


@pytest.mark.parametrize("moved", [False, True], ids=["before the alias", "behind the alias"])
def test_a_deployment_cut_off_is_taken_back_when_its_model_left_production_meanwhile(
    store, release, index, settings, registry, moved
):
    first = release("first")
    store.deploy(first.release_id)
    second = release("second", recall=0.6)

    def cut_off(generation):
        if moved:
            index.swap(generation)
        raise ServiceUnavailable("Milvus does not answer")

    with pytest.raises(ServiceUnavailable):
        ReleaseStore(settings, swap_generation=cut_off).deploy(second.release_id)
    registry.rollback()

    opened = ReleaseStore(settings, swap_generation=index.swap)

    assert opened.live().release_id == first.release_id
    assert index.alias == "g-first"
    assert pointer(settings)["release_id"] == first.release_id
    assert stages(registry) == {"first": "production", "second": "archived"}
    assert [deployment.action for deployment in opened.history()] == ["deploy"]
    registry.restore(second.model_version, expected=first.model_version)
    assert opened.deploy(second.release_id).revision == 2


def test_a_cut_off_deployment_does_not_go_live_beside_the_next(
    store, release, index, settings, registry
):
    first = release("first")
    store.deploy(first.release_id)
    second = release("second", recall=0.6)

    def unreachable(_generation):
        raise ServiceUnavailable("Milvus does not answer")

    outage = ReleaseStore(settings, swap_generation=unreachable)
    with pytest.raises(ServiceUnavailable):
        outage.deploy(second.release_id)
    registry.rollback()
    rebuilt = store.compose(first.model_version, Generation("g-new", first.model_version), None)

    store.deploy(rebuilt.release_id)

    assert [deployment.release_id for deployment in store.history()] == [
        first.release_id,
        rebuilt.release_id,
    ]
    assert index.alias == "g-new"


def kill_points(index):
    """Every write of a deployment or rollback: where the function is, and its name."""
    return [
        (ReleaseLedger, "intend"),
        (index, "swap"),
        (Registry, "restore"),
        (ReleaseLedger, "finish"),
        (store_module, "write_pointer"),
    ]


@pytest.mark.parametrize("action", ["deploy", "rollback"])
def test_a_move_killed_at_any_write_is_whole_after_the_next_open(
    store, release, index, settings, monkeypatch, action
):
    first = release("first")
    store.deploy(first.release_id)
    second = release("second", recall=0.6)
    if action == "rollback":
        store.deploy(second.release_id)
    start = Start(settings, index)
    deaths = 0

    for owner, name in kill_points(index):
        for moment in ("before", "after"):
            here = start.again(f"{name}-{moment}")
            victim = ReleaseStore(here, swap_generation=lambda wanted: index.swap(wanted))
            with monkeypatch.context() as patched:
                patched.setattr(owner, name, dying(getattr(owner, name), moment))
                try:
                    victim.deploy(second.release_id) if action == "deploy" else victim.rollback()
                except Killed:
                    deaths += 1

            survivor = ReleaseStore(here, swap_generation=index.swap)

            begun = (name, moment) != ("intend", "before")
            wanted = second if (action == "deploy") == begun else first
            live, shown = survivor.live(), pointer(settings)
            assert live.release_id == wanted.release_id
            assert index.alias == live.generation
            assert (shown["release_id"], shown["revision"]) == (live.release_id, live.revision)
            restored = action == "rollback" and begun
            assert stages(survivor.registry) == {
                "first": "production" if restored else "archived",
                "second": "archived" if restored else "production",
            }
    assert deaths == (10 if action == "rollback" else 8)  # a deployment restores no stage


def dying(call, moment):
    def wrapper(*args, **kwargs):
        if moment == "after":
            call(*args, **kwargs)
        raise Killed

    return wrapper


class Start:
    """The state before a move, given anew for every kill."""

    def __init__(self, settings, index):
        self.settings, self.index, self.alias = settings, index, index.alias
        self.file = (settings.root / "release.json").read_text()
        self.database = settings.root / "start.db"
        self._copy(settings.root / "uniecs.db", self.database)

    def again(self, name):
        path = self.settings.root / f"{name}.db"
        self._copy(self.database, path)
        (self.settings.root / "release.json").write_text(self.file)
        self.index.alias = self.alias
        return self.settings.model_copy(update={"database_url": f"sqlite:///{path}"})

    def _copy(self, source, target):
        with sqlite3.connect(source) as old, sqlite3.connect(target) as new:
            old.backup(new)
