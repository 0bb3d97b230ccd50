import json
import logging

import pytest

from uniecs.database import open_database
from uniecs.errors import (
    GateRefused,
    GenerationError,
    ModelMismatch,
    RegistryError,
    StageConflict,
)
from uniecs.registry import Registry
from uniecs.releases import ReleaseStore, promote, roll_back
from uniecs.releases.lineage import lineage
from uniecs.releases.locking import deployment_lock

from .conftest import Generation, pointer, stages


def test_a_release_is_composed_once(store, release):
    first = release("first")

    again = store.compose(
        first.model_version, Generation("g-first", first.model_version), "catalog_v1"
    )

    assert again == first
    assert store.list() == [first]
    assert (first.state, first.revision, first.catalog_digest) == ("composed", 0, "c" * 64)


def test_a_generation_of_another_model_is_refused(store, registry, register):
    made = register(registry, "first")

    with pytest.raises(ModelMismatch, match="m-other"):
        store.compose(made.version, Generation("g-1", "m-other"), None)


def test_deploying_moves_index_database_and_pointer_file(store, release, index, settings):
    first = release("first")

    live = store.deploy(first.release_id)

    assert (live.state, live.revision) == ("live", 1)
    assert store.live() == live
    assert index.alias == "g-first"
    model = store.registry.get(first.model_version)
    assert pointer(settings) == {
        "release_id": first.release_id,
        "model_version": first.model_version,
        "model_folder": model.folder.as_posix(),
        "processor_digest": model.processor_digest,
        "generation": "g-first",
        "feature_service": "catalog_v1",
        "revision": 1,
    }


def test_the_server_reads_the_pointer_that_a_deployment_writes(store, release, settings):
    from serving.pointer import read_pointer

    first = release("first")
    store.deploy(first.release_id)

    assert read_pointer(settings).release_id == first.release_id


def test_a_model_that_is_not_in_production_does_not_go_live(store, registry, register, index):
    made = register(registry, "first")
    release = store.compose(made.version, Generation("g-1", made.version), None)

    with pytest.raises(GateRefused, match=f"uniecs promote {made.version} production"):
        store.deploy(release.release_id)
    assert (store.live(), index.alias) == (None, None)


def test_deploying_the_live_release_again_changes_nothing(store, release):
    first = release("first")

    assert store.deploy(first.release_id) == store.deploy(first.release_id[:6])
    assert len(store.history()) == 1


def test_the_earlier_release_is_kept_and_rolled_back_to(store, release, index, settings, registry):
    first, second = release("first"), None
    store.deploy(first.release_id)
    second = release("second", recall=0.6)
    store.deploy(second.release_id)
    assert store.get(first.release_id).state == "superseded"

    restored, left = store.rollback()

    assert (restored.release_id, restored.state) == (first.release_id, "live")
    assert (left.release_id, left.state) == (second.release_id, "rolled back")
    assert index.alias == "g-first"
    assert (pointer(settings)["release_id"], pointer(settings)["revision"]) == (
        first.release_id,
        3,
    )
    assert stages(registry) == {"first": "production", "second": "archived"}
    with pytest.raises(RegistryError, match="the first release"):
        store.rollback()


def test_a_new_generation_of_the_same_model_rolls_back_without_touching_stages(
    store, release, registry, index
):
    first = release("first")
    store.deploy(first.release_id)
    rebuilt = store.compose(
        first.model_version, Generation("g-rebuilt", first.model_version), "catalog_v1"
    )
    store.deploy(rebuilt.release_id)

    store.rollback()

    assert index.alias == "g-first"
    assert stages(registry) == {"first": "production"}


def test_a_generation_that_cannot_be_swapped_in_leaves_all_as_it_was(
    store, release, index, settings
):
    first = release("first")
    store.deploy(first.release_id)
    second = release("second", recall=0.6)
    index.gone.add("g-second")

    with pytest.raises(GenerationError, match="retired"):
        store.deploy(second.release_id)

    assert store.live().release_id == first.release_id
    assert pointer(settings)["release_id"] == first.release_id
    assert ReleaseStore(settings, swap_generation=index.swap).live().release_id == first.release_id


def test_of_two_deployments_from_the_same_view_the_second_is_a_conflict(store, release):
    first = release("first")
    second = release("second", recall=0.6)
    store.registry.rollback()
    seen = 0
    store.deploy(first.release_id, seen=seen)
    store.registry.restore(second.model_version, expected=first.model_version)

    with pytest.raises(StageConflict, match=f"{first.release_id} went live in the meantime"):
        store.deploy(second.release_id, seen=seen)
    with pytest.raises(StageConflict, match="is live now"):
        store.rollback(expected=second.release_id)


def test_rolling_back_nothing_is_refused(store):
    with pytest.raises(RegistryError, match="No release is live"):
        store.rollback()


def test_releases_move_on_every_database(database, register, index):
    registry = Registry(database)
    store = ReleaseStore(database, swap_generation=index.swap)
    for name, recall in (("first", 0.5), ("second", 0.6)):
        made = register(registry, name, recall=recall)
        promote(registry, made.version, "production")
        composed = store.compose(made.version, Generation(f"g-{name}", made.version), None)
        store.deploy(composed.release_id)

    restored, left = store.rollback()

    assert (restored.generation, left.state) == ("g-first", "rolled back")
    assert stages(registry) == {"first": "production", "second": "archived"}
    assert [deployment.action for deployment in store.history()] == ["deploy", "deploy", "rollback"]


def test_only_one_deployment_at_a_time_holds_the_lock(database):
    one, other = open_database(database), open_database(database)

    with deployment_lock(one, database, wait=True) as held:
        assert held
        with deployment_lock(other, database, wait=False) as also:
            assert not also
    with deployment_lock(other, database, wait=False) as free:
        assert free
    one.dispose()
    other.dispose()


def test_lineage_leads_from_the_catalog_to_the_release(store, release):
    first = release("first")
    store.deploy(first.release_id)

    found = lineage(store, first.release_id)

    assert json.loads(json.dumps(found)) == found
    assert found["catalog_digest"] == "c" * 64
    assert found["model"]["lineage"] == {"run": "first"}
    assert len(found["evaluation"]["report_digest"]) == 64
    assert [entry["stage"] for entry in found["stages"]][-1] == "production"
    assert (found["generation"], found["feature_service"]) == ("g-first", "catalog_v1")
    assert [entry["action"] for entry in found["deployments"]] == ["deploy"]


def test_rolling_back_says_what_changed(store, release):
    store.deploy(release("first").release_id)
    store.deploy(release("second", recall=0.6).release_id)

    changes = roll_back(store).changes

    assert [change.what.split(" of ")[0] for change in changes] == [
        "release",
        "model",
        "generation",
        "stage",
        "stage",
    ]


def test_a_promotion_that_was_never_deployed_is_rolled_back_alone(store, release, registry, index):
    first = release("first")
    store.deploy(first.release_id)
    release("second", recall=0.6)

    changes = roll_back(store).changes

    assert len(changes) == 2
    assert stages(registry) == {"first": "production", "second": "archived"}
    assert store.live().release_id == first.release_id


def test_a_third_version_in_production_is_left_there_by_a_release_rollback(
    store, release, registry, register, caplog
):
    store.deploy(release("first").release_id)
    store.deploy(release("second", recall=0.6).release_id)
    release("third", recall=0.7)

    with caplog.at_level(logging.WARNING):
        store.rollback()

    assert "stages stay as they are" in caplog.text
    assert stages(registry)["third"] == "production"
