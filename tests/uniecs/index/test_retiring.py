"""What was refused or never swapped in leaves the server when a newer generation goes live."""

import numpy as np
import pytest

from uniecs.catalog.reading import Catalog
from uniecs.errors import GenerationError
from uniecs.index import generations
from uniecs.index.generations import GenerationStore
from uniecs.index.ledger import Generation
from uniecs.index.milvus import Milvus
from uniecs.index.verification import Verification
from uniecs.settings import Settings

from .conftest import WordEncoder
from .test_generations import overwrite


def states(store: GenerationStore) -> list[str]:
    return [generation.state for generation in store.list()]


def test_refused_and_unused_generations_are_retired_by_a_newer_one_that_goes_live(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    live, refused, unused, next_live, newest = (store.build(encoder, catalog) for _ in range(5))
    store.swap(live.id)
    overwrite(store.milvus, refused.collection, np.eye(16, dtype=np.float32)[[0] * 40])
    assert not store.verify(refused.id).passed
    for generation in (unused, newest):
        assert store.verify(generation.id).passed
    assert states(store) == ["live", "verifying", "warm", "verifying", "warm"]

    store.swap(next_live.id)

    assert states(store) == ["draining", "retired", "retired", "live", "warm"]
    held = set(store.milvus.collections())
    assert held.isdisjoint({refused.collection, unused.collection})
    assert {live.collection, next_live.collection, newest.collection} <= held
    assert store.rollback().id == live.id


def test_an_older_generation_that_goes_live_retires_no_newer_one(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    older, newer = (store.build(encoder, catalog).id for _ in range(2))
    store.verify(newer)

    store.swap(older)

    assert states(store) == ["live", "warm"]


def test_the_generation_to_roll_back_to_stays_even_when_it_fails_a_later_verification(
    store: GenerationStore, encoder: WordEncoder, catalog: Catalog
) -> None:
    first, second = (store.build(encoder, catalog) for _ in range(2))
    store.swap(first.id)
    store.swap(second.id)
    overwrite(store.milvus, first.collection, np.eye(16, dtype=np.float32)[[0] * 40])

    assert not store.verify(first.id).passed
    assert store.swap(second.id).id == second.id

    assert states(store) == ["verifying", "live"]


def test_a_generation_that_another_process_verifies_is_left_for_the_next_swap(
    store: GenerationStore,
    encoder: WordEncoder,
    catalog: Catalog,
    milvus_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow, quick, last = (store.build(encoder, catalog) for _ in range(3))
    verify = generations.verify_generation

    def overtaken(milvus: Milvus, generation: Generation) -> Verification:
        if generation.id == slow.id:
            GenerationStore(milvus_settings).swap(quick.id)
        return verify(milvus, generation)

    with monkeypatch.context() as patched:
        patched.setattr(generations, "verify_generation", overtaken)
        assert store.verify(slow.id).passed
    assert states(store) == ["warm", "live", "verifying"]

    store.swap(last.id)

    assert states(store) == ["retired", "draining", "live"]
    locks = (milvus_settings.root / "index").glob("*.verify.lock")
    assert {path.name for path in locks} == {f"{g.id}.verify.lock" for g in (quick, last)}
    with pytest.raises(GenerationError, match="retired"):
        store.verify(slow.id)
