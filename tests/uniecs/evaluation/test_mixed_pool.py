from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniecs.catalog.pairs import Side, evaluation_pairs
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.catalog.relations import Relations
from uniecs.catalog.schema import Product
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.contest import EncodedSides
from uniecs.evaluation.material import Material, prepare
from uniecs.evaluation.mixed_pool import draw_presences, mixed_pool
from uniecs.evaluation.tasks import Ask, Pool
from uniecs.evaluation.views import Views, masked

CONFIG = EvaluationConfig(samples=100)


def encoded(sides):
    contents = dict.fromkeys(masked(side, view) for side in sides for view in VIEWS)
    contents.pop(None, None)
    rows = {key: row for row, key in enumerate(contents)}
    vectors = np.ones((len(rows), 2), np.float32)
    return EncodedSides(sides, Views(2, rows, vectors, vectors))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_a_candidate_is_shown_only_in_what_it_has_and_the_same_each_time(has, seed):
    sides = [
        Side(f"p{n}", f"t{n}" if text else "", f"{n}.png" if image else "")
        for n, (text, image) in enumerate(has)
    ]

    drawn = draw_presences(encoded(sides), seed)

    for side, presence in zip(sides, drawn, strict=True):
        assert not presence & ~side.presence
        assert bool(presence) == bool(side.presence)
    assert drawn.tolist() == draw_presences(encoded(sides), seed).tolist()


def test_each_presence_is_as_likely_as_the_others():
    drawn = draw_presences(encoded([Side(f"p{n}", f"t{n}", f"{n}.png") for n in range(3000)]), 0)

    assert np.bincount(drawn, minlength=4)[1:] / 3000 == pytest.approx([1 / 3] * 3, abs=0.03)


def material(catalog, encoder):
    pairs = evaluation_pairs(catalog, "test")
    return prepare(encoder, catalog, pairs, "split", CONFIG, None)


def test_slots_and_the_pool_are_shares_of_a_whole_and_bias_is_their_difference(
    little_catalog, words_and_colours
):
    found = mixed_pool(material(little_catalog, words_and_colours))

    assert found.candidates == 16
    assert sum(found.pool.values()) == pytest.approx(1)
    assert set(found.queries) == {"I", "T", "IT"}
    for asked in found.queries.values():
        assert sum(asked.slots.values()) == pytest.approx(1)
        assert sum(asked.bias.values()) == pytest.approx(0)
        assert asked.bias == pytest.approx({k: asked.slots[k] - found.pool[k] for k in found.pool})
        assert asked.largest_bias == pytest.approx(max(map(abs, asked.bias.values())))
        assert asked.unbiased == (asked.largest_bias <= 0.10)


def apart(number, *, gap):
    """Products whose every content has a vector of its own, moved by its presence."""
    products = [
        Product(product_id=f"p{n}", title=f"t{n}", image_paths=[f"{n}.png"]) for n in range(number)
    ]
    queries = [Side(p.product_id, f"q{n}", f"q{n}.png") for n, p in enumerate(products)]
    sides = [Side(p.product_id, p.title, p.image) for p in products]
    keys = [masked(side, view) for side in (*queries, *sides) for view in VIEWS]
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(len(keys), 32))
    for row, key in enumerate(keys):
        vectors[row, int(key.presence) - 1] += gap
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    views = Views(32, {key: row for row, key in enumerate(keys)}, vectors, vectors[:, :2])
    asks = [Ask(side.product_id, side, side.product_id) for side in queries]
    pool = Pool(sides)
    return Material(asks, pool, [], pool, [], Relations(products), views, CONFIG)


def test_an_encoder_whose_views_lie_apart_is_biased_to_the_view_of_the_query():
    found = mixed_pool(apart(300, gap=30.0))

    for name, asked in found.queries.items():
        assert asked.slots[name] == 1
        assert not asked.unbiased
        assert asked.ci95[name] == (1, 1)


def test_an_encoder_whose_views_lie_together_is_not_biased():
    found = mixed_pool(apart(300, gap=0.0))

    assert all(asked.unbiased for asked in found.queries.values())


def test_without_texts_only_pictures_are_asked(little_catalog, words_and_colours):
    whole = material(little_catalog, words_and_colours)
    hidden = [
        Side(ask.side.product_id, "", ask.side.image, ask.side.copy_seed) for ask in whole.asks
    ]
    asks = [type(a)(a.query_id, side, a.answer) for a, side in zip(whole.asks, hidden, strict=True)]

    found = mixed_pool(replace(whole, asks=asks))

    assert set(found.queries) == {"I"}
    assert Presence.IMAGE.label in found.pool
