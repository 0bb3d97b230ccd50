"""The mixed pool: candidates as picture, text or both at random, in one ranking.

An encoder whose views lie apart fills the first ten with candidates of one kind, whatever they
are. Its bias is the share of those slots that a kind takes, less its share of the pool.
"""

import numpy as np

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.evaluation.bootstrap import Sample, Values, interval, resample
from uniecs.evaluation.contest import TOP, EncodedSides, Presences, Shown
from uniecs.evaluation.material import Material
from uniecs.evaluation.metrics import NOTHING
from uniecs.evaluation.part import Fraction, Part, Recall
from uniecs.evaluation.ranking import best_columns, found_within

TOLERANCE = 0.10
"""Largest difference of the two shares that counts as unbiased."""


class MixedQueries(Recall):
    """Queries of one presence against the mixed pool.

    Attributes:
        queries: Queries that have a right answer in the pool.
        slots: Presence of candidates -> share of the first ten slots.
        bias: The same, less the presence's share of the pool.
        largest_bias: The largest of these differences, without its sign.
        unbiased: Whether it is at most 10 points.
    """

    queries: int
    slots: dict[str, Fraction]
    bias: dict[str, float]
    largest_bias: Fraction
    unbiased: bool


class MixedPool(Part):
    """Retrieval from a pool of mixed presences.

    Attributes:
        candidates: Size of the pool.
        pool: Presence of candidates -> share of the pool.
        queries: Presence of queries -> what they found.
    """

    candidates: int
    pool: dict[str, Fraction]
    queries: dict[str, MixedQueries]


def mixed_pool(material: Material) -> MixedPool:
    """Show every candidate in one presence, drawn from those that it has, and ask everything."""
    contest = material.contest
    drawn = draw_presences(contest.candidates, material.config.seed)
    count = int((drawn != Presence.NONE).sum())
    shares = {view.label: float((drawn == view).sum() / max(1, count)) for view in VIEWS}
    found = {}
    for query in VIEWS:
        shown = np.where(contest.queries.has(query), query, Presence.NONE)
        asked = contest.answerable(Shown(shown, drawn))
        if asked.asked.any():
            found[query.label] = _judged(material, asked, shares)
    return MixedPool(candidates=count, pool=shares, queries=found)


def draw_presences(candidates: EncodedSides, seed: int) -> Presences:
    """[C] one of the presences that each candidate has, each as likely as the others."""
    has = np.column_stack([candidates.has(view) for view in VIEWS])
    lots = np.where(has, np.random.default_rng(seed).random(has.shape), -1.0)
    return np.where(has.any(axis=1), np.array(VIEWS)[lots.argmax(axis=1)], Presence.NONE)


def _judged(material: Material, shown: Shown, shares: dict[str, float]) -> MixedQueries:
    contest, config = material.contest, material.config
    rows, values = _hits_and_slots(material, shown)
    units = [contest.asks[row].answer for row in rows]
    means = resample({"": Sample(units, values)}, samples=config.samples, seed=config.seed)[""]
    names = ("R@10", *(view.label for view in VIEWS))
    mean = dict(zip(names, values.mean(axis=0).tolist(), strict=True))
    bias = {view.label: mean[view.label] - shares[view.label] for view in VIEWS}
    largest = max(abs(value) for value in bias.values())
    return MixedQueries.model_validate(
        {
            "R@10": mean.pop("R@10"),
            "ci95": {name: interval(means[:, at]) for at, name in enumerate(names)},
            "queries": len(rows),
            "slots": mean,
            "bias": bias,
            "largest_bias": largest,
            "unbiased": largest <= TOLERANCE,
        }
    )


def _hits_and_slots(material: Material, shown: Shown) -> tuple[Presences, Values]:
    """Rows of the queries, and [Q, 4] hit and shares of the first ten slots in I, T and IT."""
    parts = []
    for rows, scores, right in material.contest.scored(shown):
        ranked = best_columns(scores, min(TOP, scores.shape[1]))
        kinds = np.where(ranked == NOTHING, Presence.NONE, shown.candidates[ranked])
        filled = np.maximum(1, (ranked != NOTHING).sum(axis=1))
        slots = [(kinds == view).sum(axis=1) / filled for view in VIEWS]
        hits = found_within(scores, right, TOP)
        parts.append((rows, np.column_stack([hits, *slots]).astype(np.float64)))
    return np.concatenate([rows for rows, _ in parts]), np.concatenate([v for _, v in parts])
