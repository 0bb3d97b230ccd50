"""Two encoders are near each other only if every vector is."""

from pathlib import Path

import numpy as np
import pytest
import torch

from uniecs.catalog.presence import VIEWS
from uniecs.catalog.reading import Catalog
from uniecs.inference.encoder import Encoder
from uniecs.inference.parity import catalog_items, compare, random_items

WORDS = ["red", "mug", "blue", "lamp"]


def test_an_encoder_is_near_itself(tiny_model: Path) -> None:
    encoder = Encoder.load(tiny_model, device="cpu", precision="float32")

    found = compare(encoder, encoder, random_items(WORDS, seed=1, products=5), 0.9999)

    assert found.passed
    assert found.items == 15
    assert found.cosine["min"] == pytest.approx(1)
    assert found.gates == 0


def test_one_changed_weight_is_seen(tiny_model: Path) -> None:
    ours, theirs = (Encoder.load(tiny_model, device="cpu", precision="float32") for _ in range(2))
    with torch.no_grad():
        theirs.model.fusion.pool_text.norm.bias += torch.linspace(-9, 9, 32)

    found = compare(ours, theirs, random_items(WORDS, seed=1, products=5), 0.999)

    assert not found.passed
    assert found.cosine["I"] == pytest.approx(1)
    assert found.cosine["min"] == min(found.cosine["T"], found.cosine["IT"]) < 0.999


def test_random_items_are_the_same_again_and_of_every_presence() -> None:
    one, other = (random_items(WORDS, seed=3, products=4) for _ in range(2))

    assert [item.text for item in one] == [item.text for item in other]
    assert {item.presence for item in one} == set(VIEWS)
    assert len({item.text for item in one}) > 3
    assert np.array_equal(np.asarray(one[0].image), np.asarray(other[0].image))


def test_catalog_items_are_spread_over_the_catalog(accepted_catalog: Path) -> None:
    catalog = Catalog(accepted_catalog)

    items = catalog_items(catalog, products=6)

    ids = list(dict.fromkeys(item.id for item in items))
    order = [product.product_id for product in catalog.products]
    places = [order.index(name) for name in ids]
    assert len(items) == 18
    assert places == sorted(places)
    assert places[-1] > len(order) / 2
