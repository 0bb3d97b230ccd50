"""The nine tasks: which side of which pair is asked, against which pool, and how it is scored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from uniecs.catalog.pairs import Pair, Side
from uniecs.catalog.presence import TASKS, Presence, task_name
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import Relations
from uniecs.evaluation.chance import chance_of_hit
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.metrics import Ranking, Values, score_rankings
from uniecs.evaluation.ranking import Mask, rank_exactly
from uniecs.evaluation.views import Views

MAX_CELLS = 2**25
"""Scores held at once: queries are ranked in blocks of at most this many query-candidate pairs."""


@dataclass(frozen=True)
class Ask:
    """One query of the tasks.

    Attributes:
        query_id: The pair's id.
        side: What is asked.
        answer: Product that the pair gives as the right one.
    """

    query_id: str
    side: Side
    answer: str


@dataclass(frozen=True)
class Pool:
    """Everything that can be ranked: one side per product, distractors after the split's own."""

    sides: list[Side]

    @property
    def product_ids(self) -> list[str]:
        """Products of the pool, in its order."""
        return [side.product_id for side in self.sides]


@dataclass(frozen=True)
class TaskOutcome:
    """Everything that one task gave.

    Attributes:
        name: Such as ``T->I``.
        asks: [Q] queries that have at least one right answer in the pool.
        sides: [C] the pool, masked to what this task may see by the caller.
        ranked: [Q, K] numbers into ``sides``, best first.
        relevance: [Q] number into ``sides`` -> gain 1.
        values: metric -> [Q].
        chance: Expected R@10 of a random ranking.
        unusable: Queries and candidates whose picture cannot be decoded.
    """

    name: str
    asks: list[Ask]
    sides: list[Side]
    ranked: Ranking
    relevance: list[dict[int, int]]
    values: Mapping[str, Values]
    chance: float
    unusable: int

    @property
    def units(self) -> list[str]:
        """[Q] product that each query is about: what the bootstrap resamples."""
        return [ask.answer for ask in self.asks]


def asks_of(pairs: Sequence[Pair]) -> list[Ask]:
    """The queries of a split, in the order of its pairs."""
    return [Ask(pair.pair_id, pair.query, pair.candidate.product_id) for pair in pairs]


def pool_of(pairs: Sequence[Pair], catalog: Catalog, pool: str) -> Pool:
    """The candidates of a split, one per product; with ``catalog``, all other listings too."""
    sides = {pair.candidate.product_id: pair.candidate for pair in reversed(pairs)}
    ordered = [sides[product_id] for product_id in sorted(sides)]
    if pool == "catalog":
        ordered += [
            Side(product.product_id, product.full_text, product.image or "")
            for product in catalog.products
            if product.product_id not in sides
        ]
    return Pool(ordered)


def run_task(
    task: tuple[Presence, Presence],
    asks: Sequence[Ask],
    pool: Pool,
    relations: Relations,
    views: Views,
    config: EvaluationConfig,
) -> TaskOutcome:
    """Rank the pool for every query of one task and score it."""
    wanted = [ask for ask in asks if not task[0] & ~ask.side.presence]
    offered = [side for side in pool.sides if not task[1] & ~side.presence]
    queries = views.of([ask.side for ask in wanted], task[0])
    candidates = views.of(offered, task[1])
    kept = [ask for ask, usable in zip(wanted, queries.usable, strict=True) if usable]
    sides = [side for side, usable in zip(offered, candidates.usable, strict=True) if usable]
    vectors = queries.vectors[queries.usable]
    known = candidates.vectors[candidates.usable]

    answered, ranked, relevance = [], [], []
    block = max(1, MAX_CELLS // max(1, len(sides)))
    for start in range(0, len(kept), block):
        part = kept[start : start + block]
        right, removed = judge(part, sides, relations, task)
        has_answer = np.flatnonzero(right.any(axis=1))
        answered += [part[row] for row in has_answer]
        relevance += [dict.fromkeys(np.flatnonzero(row).tolist(), 1) for row in right[has_answer]]
        block_vectors = vectors[start : start + block][has_answer]
        ranked.append(rank_exactly(block_vectors, known, removed[has_answer], depth=config.depth))
    whole = np.concatenate(ranked) if ranked else np.zeros((0, config.depth), np.int64)
    return TaskOutcome(
        name=task_name(*task),
        asks=answered,
        sides=sides,
        ranked=whole,
        relevance=relevance,
        values=score_rankings(whole, relevance),
        chance=chance_of_hit([len(gains) for gains in relevance], len(sides)),
        unusable=int((~queries.usable).sum() + (~candidates.usable).sum()),
    )


def judge(
    asks: Sequence[Ask],
    sides: Sequence[Side],
    relations: Relations,
    task: tuple[Presence, Presence],
) -> tuple[Mask, Mask]:
    """[Q, C] right answers, and [Q, C] candidates that are neither right nor wrong.

    The listing that a query was taken from is removed, unless the pair itself gives it as the
    answer: it may hold the very text or picture of the query.
    """
    answers = [ask.answer for ask in asks]
    products = [side.product_id for side in sides]
    right = relations.positives(answers, products, *task)
    removed = relations.masked(answers, products, *task)
    column = {product_id: number for number, product_id in enumerate(products)}
    for row, ask in enumerate(asks):
        own = column.get(ask.side.product_id)
        if own is not None and ask.side.product_id != ask.answer:
            right[row, own], removed[row, own] = False, True
    return right, removed & ~right


def run_tasks(
    asks: Sequence[Ask],
    pool: Pool,
    relations: Relations,
    views: Views,
    config: EvaluationConfig,
) -> dict[str, TaskOutcome]:
    """All nine tasks, by name."""
    outcomes = (run_task(task, asks, pool, relations, views, config) for task in TASKS)
    return {outcome.name: outcome for outcome in outcomes}


def mean_gates(asks: Sequence[Ask], pool: Pool, views: Views) -> dict[str, dict[str, float]]:
    """Mean weight of picture and text where both are present, for queries and candidates."""
    groups = {"queries": [ask.side for ask in asks], "candidates": pool.sides}
    shown = {}
    for name, sides in groups.items():
        view = views.of(sides, Presence.BOTH)
        if view.usable.any():
            image, text = view.gates[view.usable].mean(axis=0, dtype=np.float64)
            shown[name] = {"image": float(image), "text": float(text)}
    return shown
