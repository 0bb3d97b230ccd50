import math

import ir_measures
import numpy as np
import pytest
from ir_measures import AP, RR, Qrel, ScoredDoc, Success, nDCG

from uniecs.evaluation.metrics import METRICS, NOTHING, first_hits, hit_at_1, score_rankings
from uniecs.evaluation.ranking import best_columns

RNG = np.random.default_rng(3)


def random_case(queries=60, candidates=40, depth=25):
    """Rankings of different lengths, several answers with gains 1 and 2, some queries hopeless."""
    ranked = np.full((queries, depth), NOTHING)
    relevance = []
    for row in range(queries):
        length = int(RNG.integers(0, depth + 1))
        ranked[row, :length] = RNG.permutation(candidates)[:length]
        answers = RNG.permutation(candidates)[: RNG.integers(1, 15)]
        relevance.append({int(a): int(RNG.integers(1, 3)) for a in answers})
    return ranked, relevance


def by_hand(ranked, gains):
    """One query, written out slowly."""
    row = [int(name) for name in ranked if name != NOTHING][:10]
    hits = [name in gains for name in row]
    first = next((rank for rank, hit in enumerate(hits, 1) if hit), None)
    dcg = sum(gains.get(name, 0) / math.log2(rank + 1) for rank, name in enumerate(row, 1))
    ideal = sorted(gains.values(), reverse=True)[:10]
    best = sum(gain / math.log2(rank + 1) for rank, gain in enumerate(ideal, 1))
    precisions = [sum(hits[:rank]) / rank for rank, hit in enumerate(hits, 1) if hit]
    return {
        "R@1": float(any(hits[:1])),
        "R@5": float(any(hits[:5])),
        "R@10": float(any(hits)),
        "MRR@10": 1 / first if first else 0.0,
        "nDCG@10": dcg / best,
        "mAP@10": sum(precisions) / len(gains),
    }


def test_metrics_equal_a_loop_written_out_by_hand():
    ranked, relevance = random_case()

    scores = score_rankings(ranked, relevance)

    expected = [by_hand(row, gains) for row, gains in zip(ranked, relevance, strict=True)]
    for name in METRICS:
        assert scores[name] == pytest.approx([one[name] for one in expected]), name


def test_metrics_equal_ir_measures():
    ranked, relevance = random_case()
    qrels = [
        Qrel(f"{q:03}", str(d), gain)
        for q, gains in enumerate(relevance)
        for d, gain in gains.items()
    ]
    run = [
        ScoredDoc(f"{q:03}", str(d), -float(rank))
        for q, row in enumerate(ranked)
        for rank, d in enumerate(row)
        if d != NOTHING
    ]
    theirs = {
        "R@1": Success @ 1, "R@5": Success @ 5, "R@10": Success @ 10,
        "MRR@10": RR @ 10, "nDCG@10": nDCG @ 10, "mAP@10": AP @ 10,
    }  # fmt: skip

    scores = score_rankings(ranked, relevance)

    found = {name: {f"{q:03}": 0.0 for q in range(len(ranked))} for name in theirs}
    for value in ir_measures.iter_calc(list(theirs.values()), qrels, run):
        name = next(name for name, measure in theirs.items() if measure == value.measure)
        found[name][value.query_id] = value.value
    for name in theirs:
        assert scores[name] == pytest.approx([found[name][q] for q in sorted(found[name])]), name


def test_metrics_equal_ir_measures_where_scores_tie_and_gains_are_graded():
    """trec_eval ranks the larger id first where scores tie; ours come first in the pool's order.

    ir-measures computes RR by another program, which leaves ties as they come.
    """
    queries, candidates = 80, 30
    scores = RNG.choice(np.float32([0.1, 0.2, 0.3]), (queries, candidates))
    gains = RNG.choice([0, 0, 0, 1, 2, 3], (queries, candidates))
    gains[:, 0] = np.maximum(gains[:, 0], 1)
    relevance = [{int(d): int(row[d]) for d in np.flatnonzero(row)} for row in gains]
    names = [f"{candidates - d:03}" for d in range(candidates)]
    qrels = [
        Qrel(f"{q:03}", names[d], gain)
        for q, row in enumerate(relevance)
        for d, gain in row.items()
    ]
    run = [
        ScoredDoc(f"{q:03}", names[d], float(scores[q, d]))
        for q in range(queries)
        for d in range(candidates)
    ]

    ours = score_rankings(best_columns(scores, 20), relevance)

    theirs = {
        "R@1": Success @ 1, "R@5": Success @ 5, "R@10": Success @ 10, "mAP@10": AP @ 10,
        "nDCG@10": nDCG @ 10,
    }  # fmt: skip
    for name, measure in theirs.items():
        found = {one.query_id: one.value for one in ir_measures.iter_calc([measure], qrels, run)}
        assert ours[name] == pytest.approx([found[q] for q in sorted(found)]), name


def test_recall_asks_for_one_right_answer_and_gains_are_linear():
    """Of three right answers one is found, at rank 2, with gain 2 where 3 would be best."""
    ranked, relevance = np.array([[9, 5, 8]]), [{5: 2, 6: 3, 7: 1}]
    qrels = [Qrel("q", str(d), gain) for d, gain in relevance[0].items()]
    run = [ScoredDoc("q", str(d), -rank) for rank, d in enumerate(ranked[0])]

    found = score_rankings(ranked, relevance)

    theirs = ir_measures.calc_aggregate([ir_measures.R @ 10, Success @ 10, nDCG @ 10], qrels, run)
    assert found["R@10"].tolist() == [theirs[Success @ 10]] == [1.0]
    assert theirs[ir_measures.R @ 10] == pytest.approx(1 / 3)
    linear = (2 / math.log2(3)) / (3 + 2 / math.log2(3) + 1 / 2)
    assert found["nDCG@10"].tolist() == pytest.approx([linear])
    assert theirs[nDCG @ 10] == pytest.approx(linear)


def test_hit_at_1_counts_only_the_highest_relevance_that_the_query_has():
    ranked = np.array([[7, 8], [8, 7], [8, 7]])
    relevance = [{7: 2, 8: 1}, {7: 2, 8: 1}, {8: 1}]

    assert hit_at_1(ranked, relevance).tolist() == [1.0, 0.0, 1.0]


def test_a_query_without_ranking_or_without_answer_scores_zero():
    ranked = np.array([[NOTHING, NOTHING], [4, 5]])

    scores = score_rankings(ranked, [{1: 1}, {}])

    assert all(values.tolist() == [0.0, 0.0] for values in scores.values())


def test_no_queries_give_no_values():
    assert score_rankings(np.zeros((0, 10), np.int64), [])["R@10"].shape == (0,)


def test_the_rank_of_the_first_hit_counts_from_one_and_is_zero_for_none():
    ranked = np.array([[3, 1, 2], [3, 1, 2], [3, 1, NOTHING]])

    assert first_hits(ranked, [{1: 1, 2: 1}, {3: 1}, {9: 1}]).tolist() == [2, 1, 0]
