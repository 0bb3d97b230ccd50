import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniecs.catalog.pairs import evaluation_pairs
from uniecs.catalog.presence import Presence
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.contest import Shown
from uniecs.evaluation.degradation import SHARES, degrade, without
from uniecs.evaluation.material import prepare
from uniecs.evaluation.tasks import run_tasks

CONFIG = EvaluationConfig(samples=100)
presences = st.lists(st.integers(0, 3), min_size=1, max_size=30).map(np.array)


@pytest.fixture
def material(little_catalog, words_and_colours):
    pairs = evaluation_pairs(little_catalog, "test")
    return prepare(words_and_colours, little_catalog, pairs, "split", CONFIG, None)


@given(presences, st.sampled_from([Presence.IMAGE, Presence.TEXT]), st.randoms())
@settings(max_examples=60, deadline=None)
def test_what_is_missing_stays_missing_as_more_goes_and_nothing_else_changes(shown, lost, random):
    order = np.array(random.sample(range(len(shown)), len(shown)))
    whole = Shown(np.array([3]), shown)
    holders = int(((shown & lost) != 0).sum())

    before = shown
    for share in SHARES:
        left = without(whole, "candidates", lost, order, share).candidates
        gone = (shown & lost != 0) & (left & lost == 0)
        assert gone.sum() == round(share * holders)
        assert ((left & ~int(lost)) == (shown & ~int(lost))).all()
        assert ((left & before) == left).all()
        before = left


def test_at_zero_it_is_the_report_and_at_a_hundred_the_tasks_of_the_other_view(material):
    tasks = run_tasks(material.asks, material.pool, material.relations, material.views, CONFIG)
    known = {name: outcome.values["R@10"].mean() for name, outcome in tasks.items()}

    curves = degrade(material).curves

    for points in curves.values():
        assert {n: t.recall_10 for n, t in points[0].tasks.items()} == pytest.approx(known)
    last = curves["candidates_without_images"][-1].tasks
    assert last["T->IT"].recall_10 == pytest.approx(known["T->T"])
    assert last["IT->IT"].recall_10 == pytest.approx(known["IT->T"])
    last = curves["queries_without_texts"][-1].tasks
    assert last["IT->T"].recall_10 == pytest.approx(known["I->T"])


def test_the_last_of_its_modalities_takes_a_candidate_or_a_query_out_of_the_ranking(material):
    curves = degrade(material).curves

    candidates = curves["candidates_without_images"][-1]
    queries = curves["queries_without_images"][-1]
    assert [candidates.tasks[name].recall_10 for name in ("I->I", "T->I", "IT->I")] == [0, 0, 0]
    assert [queries.tasks[name].recall_10 for name in ("I->I", "I->T", "I->IT")] == [0, 0, 0]


def test_a_point_is_the_mean_of_its_tasks_with_an_interval_around_it(material):
    found = degrade(material)

    assert set(found.queries.values()) == {16}
    for name, points in found.curves.items():
        side = 2 if name.startswith("candidates") else 0
        for point in points:
            values = {task: one.recall_10 for task, one in point.tasks.items()}
            both = [
                v for task, v in values.items() if task.replace("->", " > ").split()[side] == "IT"
            ]
            assert point.macro.recall_10 == pytest.approx(np.mean([*values.values()]))
            assert point.fallback.recall_10 == pytest.approx(np.mean(both))
            low, high = point.macro.ci95["R@10"]
            assert low <= point.macro.recall_10 <= high
