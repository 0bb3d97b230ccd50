"""Generations: built, verified, swapped, rolled back, retired; killed anywhere, made whole."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from uniecs.catalog.reading import Catalog
from uniecs.errors import GenerationError
from uniecs.index import building
from uniecs.index.generations import GenerationStore
from uniecs.index.ledger import Ledger, next_id
from uniecs.index.look import LOOK_DIM
from uniecs.index.milvus import Milvus
from uniecs.index.schema import Row, schema_hash
from uniecs.index.shards import read_embeddings
from uniecs.settings import Settings

from .conftest import WordEncoder, shop


class Killed(Exception):
    """Stands for SIGKILL: nothing after it runs, nothing is tidied up."""


def states(store: GenerationStore) -> list[str]:
    return [generation.state for generation in store.list()]


def test_a_generation_goes_from_building_to_live_and_says_what_it_holds(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    built = store.build(encoder, catalog)
    assert (built.state, built.rows, built.dim, built.metric) == ("verifying", 60, 16, "COSINE")
    assert (built.model_version, built.processor_digest) == ("m-words", "words-1")
    assert (built.view, built.catalog_digest) == ("IT", catalog.digest)

    verification = store.verify(built.id)
    assert verification.passed
    assert store.get(built.id).state == "warm"

    assert store.swap(built.id).state == "live"
    assert store.live().id == built.id
    assert store.swap(built.id).id == built.id  # again changes nothing


def test_verification_shows_rows_schema_and_recall_also_under_filters(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    report = store.verify(store.build(encoder, catalog).id).as_json()

    names = [check["name"] for check in report["checks"]]
    assert names[:5] == ["rows", "schema", "model_version", "processor_digest", "recall@10"]
    assert len([name for name in names if name.startswith("recall@10 where")]) >= 3
    assert all(set(check) == {"name", "value", "threshold", "passed"} for check in report["checks"])
    assert report["passed"]


def test_a_damaged_generation_fails_verification_and_cannot_go_live(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    built = store.build(encoder, catalog)
    wrong = np.tile(np.eye(16, dtype=np.float32)[:1], (40, 1))
    overwrite(store.milvus, built.collection, wrong)

    verification = store.verify(built.id)

    failed = {check.name for check in verification.checks if not check.passed}
    assert "recall@10" in failed
    assert store.get(built.id).state == "verifying"
    with pytest.raises(GenerationError, match=r"failed verification \(recall@10"):
        store.swap(built.id)


def overwrite(milvus: Milvus, name: str, vectors: np.ndarray) -> None:
    """Give the first rows of a collection other vectors."""
    stored = milvus.read(name, Row.__slots__)[: len(vectors)]
    rows = [Row(**{column: row[column] for column in Row.__slots__}) for row in stored]
    looks = np.zeros((len(rows), LOOK_DIM), np.float32)
    milvus.upsert(name, rows, vectors, vectors, looks)
    milvus.flush(name)
    milvus.load(name, again=True)


def test_a_row_too_few_is_noticed(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    built = store.build(encoder, catalog)
    store.milvus._client.delete(built.collection, ids=["p007"])
    store.milvus.flush(built.collection)

    checks = {check.name: check for check in store.verify(built.id).checks}

    assert (checks["rows"].value, checks["rows"].threshold, checks["rows"].passed) == (
        59,
        60,
        False,
    )


def test_rolling_back_points_to_the_generation_before_and_older_ones_are_retired(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    ids = [store.build(encoder, catalog).id for _ in range(3)]
    for generation_id in ids:
        store.swap(generation_id)
    assert states(store) == ["retired", "draining", "live"]

    assert store.rollback().id == ids[1]
    assert store.live().id == ids[1]

    assert states(store) == ["retired", "live", "draining"]
    with pytest.raises(GenerationError, match="nothing to roll back to"):
        store.rollback()
    assert store.swap(ids[2]).id == ids[2]


def test_what_an_alias_points_at_is_never_dropped(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    live = store.swap(store.build(encoder, catalog).id)

    with pytest.raises(GenerationError, match="is live"):
        store.drop(live.id)
    with pytest.raises(GenerationError, match="alias"):
        store.milvus.drop(live.collection)

    assert store.live().id == live.id


def test_states_move_only_along_the_machine(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog, milvus_settings: Settings
) -> None:
    built = store.build(encoder, catalog)
    ledger = Ledger(milvus_settings)

    with pytest.raises(GenerationError, match="cannot become live"):
        ledger.move(built.id, to="live")
    with pytest.raises(GenerationError, match="no longer warm"):
        ledger.move(built.id, to="live", source="warm")
    store.drop(built.id)
    with pytest.raises(GenerationError, match="retired"):
        store.swap(built.id)
    with pytest.raises(GenerationError, match=r"no generation 'g-nope'.*there are: g-"):
        store.verify("g-nope")


def test_without_a_live_generation_the_message_says_what_to_do(store: GenerationStore) -> None:
    with pytest.raises(GenerationError, match=r"uniecs index build.*uniecs index swap"):
        store.live()


def test_a_build_killed_after_a_batch_goes_on_behind_it(
    store: GenerationStore,
    encoder: WordEncoder,
    catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[str] = []
    upsert = Milvus.upsert
    monkeypatch.setattr(building, "BATCH", 4)

    def recording(self: Milvus, name: str, rows: list[Row], *vectors: np.ndarray) -> None:
        if len(written) >= 20 and not resumed:
            raise Killed
        upsert(self, name, rows, *vectors)
        written.extend(row.product_id for row in rows)

    resumed = False
    monkeypatch.setattr(Milvus, "upsert", recording)
    with pytest.raises(Killed):
        store.build(encoder, catalog)
    assert states(store) == ["building"]
    resumed = True

    built = store.build(encoder, catalog)

    assert states(store) == ["verifying"]
    assert sorted(written) == sorted(catalog.by_id)  # each row written once
    assert store.verify(built.id).passed


def test_a_killed_build_of_other_content_is_dropped_by_the_next(
    store: GenerationStore,
    encoder: WordEncoder,
    catalog: Catalog,
    make_catalog: Callable[..., Catalog],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Milvus, "flush", killed)
        with pytest.raises(Killed):
            store.build(encoder, catalog)
    abandoned = store.list()[0]

    built = store.build(encoder, make_catalog("other", shop(30)))

    assert states(store) == ["retired", "verifying"]
    assert abandoned.collection not in store.milvus.collections()
    assert built.id != abandoned.id


@pytest.mark.parametrize("after", ["load", "replaced", "alias", "ledger"])
def test_a_swap_killed_between_any_two_writes_is_made_whole(
    store: GenerationStore,
    encoder: WordEncoder,
    catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    after: str,
) -> None:
    first, second = (store.build(encoder, catalog).id for _ in range(2))
    store.swap(first)
    store.verify(second)
    owner, name = {
        "load": (Milvus, "load"),
        "replaced": (Ledger, "set"),
        "alias": (Milvus, "point"),
        "ledger": (Ledger, "go_live"),
    }[after]
    original = getattr(owner, name)

    def kill_after(*args: object, **kwargs: object) -> None:
        original(*args, **kwargs)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, kill_after)
        with pytest.raises(Killed):
            store.swap(second)

    switched = after in ("alias", "ledger")
    live = second if switched else first
    assert store.live().id == live  # readers follow the alias, before any repair
    expected = ["draining", "live"] if switched else ["live", "warm"]
    assert states(store) == expected
    assert store.swap(second).id == second
    assert store.rollback().id == first


def test_embeddings_of_another_catalog_are_refused(
    store: GenerationStore,
    encoder: WordEncoder,
    catalog: Catalog,
    make_catalog: Callable[..., Catalog],
) -> None:
    built = store.build(encoder, catalog)

    with pytest.raises(GenerationError, match="embed this catalog"):
        store.build(Path(built.embeddings), make_catalog("other", shop(30)))


def test_the_facts_of_a_generation_come_back_from_the_ledger(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog, milvus_settings: Settings
) -> None:
    built = store.build(encoder, catalog)

    found = GenerationStore(milvus_settings).get(built.id)

    assert asdict(found) == asdict(built)
    assert found.created.tzinfo is not None
    shown = found.as_json()
    assert list(shown)[:5] == ["generation", "state", "rows", "model_version", "created"]


def test_ids_name_the_day_and_count_on() -> None:
    def clock() -> datetime:
        return datetime(2026, 11, 22, 23, 59, tzinfo=UTC)

    assert next_id({"g-20261122-1", "g-20261122-3"}, clock) == "g-20261122-2"


def test_looks_are_stored_and_verified_and_belong_to_the_schema(
    store: GenerationStore,
    encoder: WordEncoder,
    make_catalog: Callable[[str, list[dict[str, object]]], Catalog],
    tmp_path: Path,
) -> None:
    from PIL import Image

    if not store.milvus.capabilities.pictures:
        pytest.skip("this server holds one vector a row")
    rows = shop(30)
    for number, row in enumerate(rows):
        row["image_paths"] = [f"{number}.png"]
    catalog = make_catalog("pictured", rows)
    for number in range(28):  # two products keep no picture
        colour = (number * 9, 255 - number * 9, number * 5)
        Image.new("RGB", (24, 32), colour).save(catalog.folder / f"{number}.png")
    built = store.build(encoder, catalog)

    checks = {check.name: check for check in store.verify(built.id).checks}

    assert checks["recall@10 by look"].passed
    columns, dim = store.milvus.columns(built.collection)
    assert built.schema_hash == schema_hash(dim, columns)
    without = {name: kind for name, kind in columns.items() if name != "look"}
    assert built.schema_hash != schema_hash(dim, without)


def test_wrong_looks_fail_verification(
    store: GenerationStore,
    encoder: WordEncoder,
    make_catalog: Callable[[str, list[dict[str, object]]], Catalog],
) -> None:
    from PIL import Image

    if not store.milvus.capabilities.pictures:
        pytest.skip("this server holds one vector a row")
    rows = shop(30)
    folder = make_catalog("pictured", rows).folder
    rng = np.random.default_rng(0)
    for row in rows:
        pixels = rng.integers(0, 256 // rng.integers(1, 8), (32, 24, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{row['product_id']}.png")
        row["image_paths"] = [f"{row['product_id']}.png"]
    catalog = make_catalog("pictured", rows)
    built = store.build(encoder, catalog)
    stored = {row["product_id"]: row for row in store.milvus.read(built.collection, Row.__slots__)}
    for part in read_embeddings(Path(built.embeddings)):
        wrong = np.roll(part.looks, 1, axis=0)
        same = [Row(**{name: stored[i][name] for name in Row.__slots__}) for i in part.ids]
        store.milvus.upsert(built.collection, same, part.vectors, part.pictures, wrong)
    store.milvus.flush(built.collection)
    store.milvus.load(built.collection, again=True)

    failed = [check.name for check in store.verify(built.id).checks if not check.passed]

    assert failed == ["recall@10 by look"]
