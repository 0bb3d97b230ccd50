import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from uniecs.catalog.pairs import Side, evaluation_pairs
from uniecs.catalog.presence import TASKS, Presence, task_name
from uniecs.catalog.reading import Catalog
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.contest import Contest, Shown
from uniecs.evaluation.material import Material, prepare
from uniecs.evaluation.metrics import NOTHING
from uniecs.evaluation.ranking import best_columns, found_within
from uniecs.evaluation.tasks import judge, run_tasks

CONFIG = EvaluationConfig(samples=100)


@pytest.fixture
def material(little_catalog: Catalog, words_and_colours) -> Material:
    pairs = evaluation_pairs(little_catalog, "test")
    return prepare(words_and_colours, little_catalog, pairs, "split", CONFIG, None)


@given(
    scores=arrays(np.float32, (6, 12), elements=st.sampled_from([-np.inf, 0.1, 0.2, 0.3])),
    right=arrays(np.bool_, (6, 12)),
    depth=st.integers(1, 12),
)
@settings(max_examples=60, deadline=None)
def test_counting_what_stands_before_finds_what_a_ranking_finds(scores, right, depth):
    ranked = best_columns(scores.copy(), depth)

    hits = [
        any(column != NOTHING and right[row, column] for column in columns)
        for row, columns in enumerate(ranked)
    ]
    assert found_within(scores, right, depth).tolist() == hits


def test_a_task_shown_whole_has_the_hits_of_the_report(material):
    tasks = run_tasks(material.asks, material.pool, material.relations, material.views, CONFIG)

    for task in TASKS:
        shown = material.contest.task(task)
        hits = material.contest.hits(shown)[shown.asked]
        assert hits.tolist() == tasks[task_name(*task)].values["R@10"].tolist()


def test_which_answers_are_right_follows_from_both_presences_of_each_pair(material):
    rng = np.random.default_rng(1)
    queries, candidates = rng.integers(1, 4, 16), rng.integers(1, 4, 16)
    [(_, scores, right)] = material.contest.scored(Shown(queries, candidates))

    for row, query in enumerate(queries):
        for column, candidate in enumerate(candidates):
            task = Presence(query), Presence(candidate)
            pair = [material.asks[row]], [material.pool.sides[column]]
            [[expected]], [[removed]] = judge(*pair, material.relations, task)
            assert right[row, column] == expected
            assert np.isneginf(scores[row, column]) == removed


def test_other_variants_leave_the_ranking_of_a_picture_but_not_that_of_words(material):
    pictures = np.full(16, Presence.IMAGE)
    asked = np.where(np.arange(16) % 2, Presence.IMAGE, Presence.TEXT)

    [(_, scores, _)] = material.contest.scored(Shown(asked, pictures))

    assert np.isneginf(scores).sum(axis=1).tolist() == [0, 3] * 8


def test_what_is_not_shown_is_neither_found_nor_asked(material):
    shown = material.contest.task((Presence.TEXT, Presence.TEXT))
    gone = Shown(shown.queries, np.full(16, Presence.NONE))
    silent = Shown(np.full(16, Presence.NONE), shown.candidates)

    assert material.contest.hits(gone).tolist() == [0.0] * 16
    assert not material.contest.answerable(gone).asked.any()
    assert material.contest.hits(silent).tolist() == [0.0] * 16


def test_a_side_without_a_modality_is_not_shown_in_it(material):
    sides = [Side("p00", "red mug"), Side("p05", "green lamp", "5.png")]
    contest = Contest(material.asks, sides, material.relations, material.views)

    assert contest.candidates.has(Presence.IMAGE).tolist() == [False, True]


def test_probes_are_the_same_few_queries_each_time(little_catalog, words_and_colours):
    pairs = evaluation_pairs(little_catalog, "test")
    few = CONFIG.model_copy(update={"probes": 5})

    one, again = (
        prepare(words_and_colours, little_catalog, pairs, "split", few, None) for _ in range(2)
    )

    assert len(one.probes) == 5
    assert one.probes == again.probes
