"""Exact rankings by inner product, in a defined order where scores tie."""

import numpy as np
import numpy.typing as npt

from uniecs.evaluation.metrics import NOTHING, Ranking

Vectors = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def rank_exactly(
    queries: Vectors, candidates: Vectors, removed: Mask | None = None, *, depth: int
) -> Ranking:
    """The best candidates of every query.

    Candidates of equal score keep their order in ``candidates``, so a ranking does not depend on
    how a sort treats ties.

    Args:
        queries: [Q, D] unit rows.
        candidates: [C, D] unit rows.
        removed: [Q, C] candidates that are left out of a query's ranking.
        depth: Ranks to keep.

    Returns:
        [Q, min(depth, C)] candidate numbers, best first, ``NOTHING`` after the last.
    """
    depth = min(depth, len(candidates))
    scores = queries @ candidates.T
    if removed is not None:
        scores[removed] = -np.inf
    return best_columns(scores, depth)


def best_columns(scores: Scores, depth: int) -> Ranking:
    """[Q, depth] columns of the highest finite scores of each row, best first."""
    ranked = np.full((len(scores), depth), NOTHING, dtype=np.int64)
    if depth == 0:
        return ranked
    cuts = np.partition(scores, -depth, axis=1)[:, -depth]
    for row, (values, cut) in enumerate(zip(scores, cuts, strict=True)):
        columns = np.flatnonzero((values >= cut) & np.isfinite(values))
        order = np.argsort(-values[columns], kind="stable")[:depth]
        ranked[row, : len(order)] = columns[order]
    return ranked


def found_within(scores: Scores, right: Mask, depth: int) -> Mask:
    """[Q] a right answer stands among the first ``depth``, as ``best_columns`` ranks them.

    Counts the candidates before the best right answer instead of sorting, so it is what curves
    over many pools use.

    Args:
        scores: [Q, C]; minus infinity for what is left out.
        right: [Q, C] right answers.
        depth: Ranks that count.
    """
    if not scores.size:
        return np.zeros(len(scores), dtype=bool)
    answers = np.where(right, scores, -np.inf)
    first = answers.argmax(axis=1)[:, None]
    best = np.take_along_axis(answers, first, axis=1)
    before = (scores > best) | ((scores == best) & (np.arange(scores.shape[1]) < first))
    found: Mask = np.isfinite(best[:, 0]) & (before.sum(axis=1) < depth)
    return found
