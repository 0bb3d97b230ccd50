import numpy as np

from uniecs.evaluation.metrics import NOTHING
from uniecs.evaluation.ranking import rank_exactly


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_rankings_equal_a_full_stable_sort_also_where_scores_tie():
    rng = np.random.default_rng(0)
    queries = unit(rng.normal(size=(20, 4)))
    candidates = unit(rng.normal(size=(7, 4)))[rng.integers(0, 7, 50)]

    ranked = rank_exactly(queries, candidates, depth=12)

    scores = queries @ candidates.T
    assert ranked.tolist() == np.argsort(-scores, axis=1, kind="stable")[:, :12].tolist()


def test_a_removed_candidate_is_nowhere_in_the_ranking():
    vectors = unit([[1, 0], [1, 0.1], [0, 1]])
    removed = np.array([[True, False, False]])

    assert rank_exactly(vectors[:1], vectors, removed, depth=3).tolist() == [[1, 2, NOTHING]]


def test_a_pool_smaller_than_the_depth_gives_a_short_ranking():
    assert rank_exactly(unit([[1, 0]]), unit([[1, 0]]), depth=100).shape == (1, 1)


def test_an_empty_pool_gives_empty_rankings():
    empty = np.zeros((0, 2), np.float32)

    assert rank_exactly(unit([[1, 0]]), empty, depth=10).shape == (1, 0)
