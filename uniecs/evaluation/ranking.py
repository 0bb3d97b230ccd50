"""Exact rankings by inner product, in a defined order where scores tie."""

import numpy as np
import numpy.typing as npt

from uniecs.evaluation.metrics import NOTHING, Ranking

Vectors = npt.NDArray[np.float32]
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


def best_columns(scores: npt.NDArray[np.float32], depth: int) -> Ranking:
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
