"""Embedding drift on vectors of known distributions."""

import zlib

import numpy as np
import pytest

from monitoring.config import MonitoringConfig
from monitoring.embedding_drift import Encode, compare_embeddings
from uniecs.catalog.items import Item
from uniecs.inference.items import Encoded, ItemError

from .shelves import shelf

CONFIG = MonitoringConfig(rounds=100)


def encoder(*, shift: float = 0.0, gate: float = 0.4, broken: int = 0) -> Encode:
    """Draws vectors by the items' ids, the same in every process.

    The first call is the reference, later ones are shifted.
    """
    calls = []

    def encode(items: list[Item]) -> Encoded:
        calls.append(items)
        rng = np.random.default_rng(zlib.crc32("\n".join(item.id for item in items).encode()))
        current = len(calls) > 1
        vectors = rng.normal(size=(len(items), 24)) + shift * current
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        image = np.clip(rng.normal(gate if current else 0.4, 0.1, len(items)), 0.01, 0.99)
        errors: list[ItemError | None] = [None] * len(items)
        if current:
            errors[:broken] = [ItemError("format", "broken")] * min(broken, len(items))
        gates = np.stack([image, 1 - image], axis=1).astype(np.float32)
        return Encoded([i.id for i in items], vectors.astype(np.float32), gates, errors)

    return encode


def states(seed: int, encode: Encode) -> dict[str, str]:
    checks = compare_embeddings(shelf(seed), shelf(seed + 50), encode, CONFIG).checks
    return {check.name: check.state for check in checks}


def test_embeddings_of_one_distribution_raise_no_alarm() -> None:
    outcomes = [states(seed, encoder()) for seed in range(4)]

    assert all(set(outcome.values()) == {"healthy"} for outcome in outcomes), outcomes


def test_a_small_shift_of_all_embeddings_is_found() -> None:
    found = states(1, encoder(shift=0.4))

    assert found["embedding_auc"] == found["embedding_mmd"] == "drifted"
    assert found["gate_image"] == "healthy"


def test_a_shift_of_the_gates_is_found() -> None:
    assert states(1, encoder(gate=0.55))["gate_image"] == "drifted"


def test_items_that_cannot_be_encoded_do_not_count() -> None:
    (check,) = compare_embeddings(shelf(1), shelf(2), encoder(broken=150), CONFIG).checks

    assert check.state == "insufficient_data"
    assert check.n < 100


def test_one_product_of_each_group_is_embedded_and_the_same_in_both_catalogs() -> None:
    seen: list[list[Item]] = []
    whole = encoder()

    def listen(items: list[Item]) -> Encoded:
        seen.append(items)
        return whole(items)

    table = shelf(1)
    result = compare_embeddings(table, table, listen, CONFIG)

    groups = {product.product_id: product.group for product in table.products}
    ids = [item.id for item in seen[0]]
    assert ids == [item.id for item in seen[1]]
    assert len({groups[product_id] for product_id in ids}) == len(ids) == result.checks[0].n


def test_the_report_names_importable_metrics() -> None:
    snapshot = compare_embeddings(shelf(1), shelf(2), encoder(), CONFIG).snapshot

    assert snapshot is not None
    names = [item["metric_name"] for item in snapshot.dict()["metrics"]]
    assert [name.split("(")[0] for name in names] == ["EmbeddingClassifierAuc", "EmbeddingMmd"]
    assert pytest.approx(0.5, abs=0.2) == snapshot.dict()["metrics"][0]["value"]
