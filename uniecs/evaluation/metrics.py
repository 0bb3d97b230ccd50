"""Metrics per query, computed by ranx over integer ids.

ranx is given arrays instead of its ``Qrels`` and ``Run``: those hash ids to floats, sort ties in
no defined order and compile anew for every length of id. Arrays are ranked as they stand.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Ranking = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

METRICS: Mapping[str, str] = {
    "R@1": "hit_rate@1",
    "R@5": "hit_rate@5",
    "R@10": "hit_rate@10",
    "MRR@10": "mrr@10",
    "nDCG@10": "ndcg@10",
    "mAP@10": "map@10",
}
"""Our names -> ranx's. R@K is the share of queries with a right answer in the top K; gains of nDCG
are linear; mAP@10 divides by all right answers, as trec_eval's map_cut does."""

NOTHING = -1
"""Fills up rankings that are shorter than the others; equal to no candidate."""

_NO_ANSWER = -2


def score_rankings(
    ranked: Ranking, relevance: Sequence[Mapping[int, int]], names: Sequence[str] = tuple(METRICS)
) -> dict[str, Values]:
    """Metrics of every query.

    Args:
        ranked: [Q, K] candidate numbers, best first, ``NOTHING`` after the last.
        relevance: [Q] candidate number -> gain, 1 or more; a query without any scores 0.
        names: Keys of ``METRICS``.

    Returns:
        name -> [Q] float64 in 0..1.
    """
    if not len(ranked):
        return {name: np.zeros(0) for name in names}
    import ranx

    run = np.zeros((*ranked.shape, 2))
    run[:, :, 0] = ranked
    run[:, :, 1] = np.arange(ranked.shape[1], 0, -1)
    wanted = [METRICS[name] for name in names]
    # ranx 0.3.21 fails to return per-query values of a single metric, so it is never asked for one
    asked = wanted if len(wanted) > 1 else [*wanted, "hit_rate@2"]
    scores = ranx.evaluate(_judgements(relevance), run, asked, return_mean=False)
    return {name: np.asarray(scores[METRICS[name]]) for name in names}


def hit_at_1(ranked: Ranking, relevance: Sequence[Mapping[int, int]]) -> Values:
    """[Q] 1.0 where the first answer has the highest relevance that the query has, else 0.0."""
    highest = [max(gains.values(), default=0) for gains in relevance]
    best = [
        {number: 1 for number, gain in gains.items() if gain == top}
        for gains, top in zip(relevance, highest, strict=True)
    ]
    return score_rankings(ranked, best, ["R@1"])["R@1"]


def first_hits(ranked: Ranking, relevance: Sequence[Mapping[int, int]]) -> Ranking:
    """[Q] rank, from 1, of the first right answer; 0 where the ranking holds none."""
    if not ranked.size:
        return np.zeros(len(ranked), dtype=np.int64)
    hits = np.zeros(ranked.shape, dtype=bool)
    for row, gains in enumerate(relevance):
        hits[row] = np.isin(ranked[row], list(gains))
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, 0).astype(np.int64)


def recall_curve(ranks: Ranking, depth: int) -> list[float]:
    """R@1 to R@depth from the ranks of first hits."""
    counts = np.bincount(ranks[ranks > 0], minlength=depth + 1)[1 : depth + 1]
    return [float(share) for share in np.cumsum(counts) / max(1, len(ranks))]


def _judgements(relevance: Sequence[Mapping[int, int]]) -> Values:
    """[Q, P, 2] candidate number and gain, highest gain first as ranx's ideal ranking needs."""
    width = max((len(gains) for gains in relevance), default=0) or 1
    judged = np.zeros((len(relevance), width, 2))
    judged[:, :, 0] = _NO_ANSWER
    for row, gains in enumerate(relevance):
        best_first = sorted(gains.items(), key=lambda item: (-item[1], item[0]))
        if best_first:
            judged[row, : len(best_first)] = best_first
    return judged
