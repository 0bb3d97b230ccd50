import numpy as np
import pytest

from uniecs.catalog.pairs import Side
from uniecs.catalog.presence import TASKS, VIEWS, Presence, task_name
from uniecs.evaluation.calibration import calibrate_gates
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.tasks import Ask, TaskOutcome
from uniecs.evaluation.unimodal import unimodal_baselines
from uniecs.evaluation.views import Views, masked

CONFIG = EvaluationConfig(samples=200)
SIDES = [Side(f"p{n:03}", f"t{n}", f"{n}.png") for n in range(100)]


def outcomes(hits, asked=range(100)):
    """Nine tasks; ``hits`` names the share found in each, the first ones."""
    asks = [Ask(SIDES[n].product_id, SIDES[n], SIDES[n].product_id) for n in asked]
    return {
        name: TaskOutcome(
            name, asks, [], np.zeros((len(asks), 0), np.int64), [],
            {"R@10": (np.arange(len(asks)) < hits.get(name, 0) * len(asks)).astype(float)}, 0.1, 0,
        )
        for name in (task_name(*task) for task in TASKS)
    }  # fmt: skip


def test_every_task_with_both_stands_beside_each_of_its_modalities():
    tasks = outcomes({"I->I": 0.3, "T->T": 0.4, "IT->IT": 0.5, "T->I": 0.1, "IT->I": 0.2})

    found = unimodal_baselines(tasks, CONFIG)

    assert set(found) == {"I->IT", "T->IT", "IT->I", "IT->T", "IT->IT"}
    both = found["IT->IT"]
    assert (both.image, both.text, both.both, both.queries) == (0.3, 0.4, 0.5, 100)
    assert both.gain == pytest.approx(0.1)
    assert 0 < both.ci95["gain"][0] < 0.1 < both.ci95["gain"][1]
    assert (found["IT->I"].image, found["IT->I"].text) == (0.3, 0.1)
    assert found["IT->I"].gain == pytest.approx(-0.1)


def test_only_queries_that_all_three_were_asked_count():
    tasks = outcomes({"IT->IT": 1.0})
    tasks["T->T"] = outcomes({"T->T": 1.0}, asked=range(50, 100))["T->T"]

    found = unimodal_baselines(tasks, CONFIG)["IT->IT"]

    assert (found.queries, found.text, found.both) == (50, 1.0, 1.0)


def gated(weights):
    keys = [masked(side, view) for side in SIDES for view in VIEWS]
    gates = np.zeros((len(keys), 2), np.float32)
    for row, key in enumerate(keys):
        if key.presence is Presence.BOTH:
            gates[row] = weights[row // 3], 1 - weights[row // 3]
    return Views(2, {key: row for row, key in enumerate(keys)}, gates, gates)


def test_a_gate_that_leans_to_the_finder_is_calibrated():
    """Pictures find the first 60 alone, texts none of them; these pictures weigh more."""
    tasks = outcomes({"I->IT": 0.6, "IT->IT": 1.0})
    weights = np.r_[np.linspace(0.6, 0.9, 60), np.linspace(0.1, 0.4, 40)]

    found = calibrate_gates(tasks, gated(weights), CONFIG)

    assert (found.queries, found.one_finds, found.agrees) == (100, 60, 1.0)
    assert [one.image_finds for one in found.bins] == [0, 0, 1, 1, 1]
    assert sum(one.queries for one in found.bins) == 100
    assert all(one.low <= one.gate <= one.high for one in found.bins)
    assert [one.high for one in found.bins] == sorted(one.high for one in found.bins)


def test_a_gate_that_leans_away_from_the_finder_never_agrees():
    found = calibrate_gates(outcomes({"T->IT": 1.0}), gated(np.full(100, 0.8)), CONFIG)

    assert (found.one_finds, found.agrees) == (100, 0.0)


def test_where_both_or_neither_find_it_nothing_is_said_of_agreement():
    found = calibrate_gates(
        outcomes({"T->IT": 0.5, "I->IT": 0.5}), gated(np.full(100, 0.8)), CONFIG
    )

    assert (found.one_finds, found.agrees) == (0, None)


def test_without_queries_of_both_there_is_no_calibration():
    assert calibrate_gates(outcomes({}, asked=[]), gated(np.full(100, 0.5)), CONFIG) is None
