from dataclasses import replace

import numpy as np
import pytest

from uniecs.catalog.demo.drawing import SHAPES, Look, draw_picture
from uniecs.catalog.demo.emblems import EMBLEM_OUTLINES, GLYPH_OUTLINES
from uniecs.catalog.demo.patterns import PATTERN_WEIGHTS
from uniecs.catalog.demo.surfaces import SURFACES
from uniecs.catalog.demo.taxonomy import TYPES
from uniecs.catalog.demo.views import SIDE, VIEWS_OF_A_PRODUCT
from uniecs.catalog.demo.vocabulary import EMBLEMS, GLYPHS, PATTERNS

LOOK = Look(
    type="mug",
    form="round",
    material="ceramic",
    main=(200, 30, 30),
    second=(246, 240, 226),
    accent=(20, 30, 120),
    pattern="solid",
    scale=1.0,
    emblem=None,
    bands=0,
    glyph=None,
)


def pixels(look: Look, view: str = "front", seed: int = 1) -> np.ndarray:
    return np.asarray(draw_picture(look, view, np.random.default_rng(seed)), dtype=np.float64)


def test_everything_that_facts_can_name_can_be_drawn() -> None:
    assert set(EMBLEM_OUTLINES) == set(EMBLEMS)
    assert set(GLYPH_OUTLINES) == set(GLYPHS)
    assert {"solid", *PATTERN_WEIGHTS} == set(PATTERNS)
    assert set(SHAPES) == {kind.name for kind in TYPES}
    assert {material for kind in TYPES for material in kind.materials} <= set(SURFACES)


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_form_fills_a_good_part_of_the_picture_and_stays_inside(kind) -> None:
    for form in kind.forms:
        look = replace(LOOK, type=kind.name, form=form, material=kind.materials[0])
        other = replace(look, main=(20, 160, 60))
        body = np.abs(pixels(look) - pixels(other)).sum(axis=2) > 60
        edge = np.concatenate([body[0], body[-1], body[:, 0], body[:, -1]])
        assert 0.04 < body.mean() < 0.6
        assert not edge.any()


@pytest.mark.parametrize("view", VIEWS_OF_A_PRODUCT)
def test_every_view_shows_another_picture(view: str) -> None:
    shown = [pixels(LOOK, other) for other in VIEWS_OF_A_PRODUCT if other != view]

    assert all(np.abs(pixels(LOOK, view) - other).mean() > 2 for other in shown)


@pytest.mark.parametrize(
    "change",
    [
        {"pattern": "striped"}, {"pattern": "dotted"}, {"emblem": "star"}, {"bands": 2},
        {"glyph": "disc"}, {"form": "square"}, {"material": "steel"}, {"accent": (250, 220, 60)},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_a_description_names_can_be_seen(change: dict) -> None:
    changed = np.abs(pixels(LOOK) - pixels(replace(LOOK, **change))).max(axis=2) > 25

    assert changed.sum() > 60


@pytest.mark.parametrize("pattern", sorted(PATTERN_WEIGHTS))
def test_the_main_colour_keeps_most_of_the_area(pattern: str) -> None:
    along = np.linspace(-1, 1, SIDE, dtype=np.float32)
    u, v = np.meshgrid(along, along)

    weights = PATTERN_WEIGHTS[pattern](u, v, 1.0)

    assert weights.shape == (SIDE, SIDE)
    assert weights.dtype == np.float32
    assert 0 <= weights.min() <= weights.max() <= 1
    assert 0.05 < weights.mean() < 0.5
