"""Query types: the judged queries of a catalog, searched in the whole catalog by each ranker."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from uniecs.catalog.reading import Catalog, Query
from uniecs.catalog.splits import split_of
from uniecs.evaluation.metrics import NOTHING, Ranking, Values, hit_at_1, score_rankings

Ranker = Callable[[Sequence[Query], int], list[list[tuple[str, float]]]]
"""Queries and k -> per query, the top k (product_id, score) of the whole catalog, best first.

``Query.type`` tells a ranker what the candidates are: those of ``description_to_image`` are
pictures alone. A query that cannot be answered gets an empty list.
"""

QUERY_METRICS: tuple[str, ...] = ("nDCG@10", "hit@1")


@dataclass(frozen=True)
class QueryOutcome:
    """What one ranker made of the queries of one type.

    Attributes:
        queries: [Q] judged queries.
        ranked: [Q] product ids, best first, after removals.
        values: metric -> [Q]: ``QUERY_METRICS``, and R@10 for slices.
        in_test: [Q] the query's source product belongs to the test split.
    """

    queries: list[Query]
    ranked: list[list[str]]
    values: Mapping[str, Values]
    in_test: list[bool]


@dataclass
class SamePicture:
    """Products that share a byte-identical picture count as one: any of them is right."""

    first: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, groups: Iterable[Sequence[str]]) -> "SamePicture":
        """From groups of product ids."""
        return cls({product_id: min(group) for group in groups for product_id in group})

    def merge(self, product_ids: Iterable[str]) -> list[str]:
        """One id per picture, in order of first appearance."""
        return list(dict.fromkeys(self.first.get(name, name) for name in product_ids))

    def merge_gains(self, relevance: Mapping[str, int]) -> dict[str, int]:
        """Gains by merged id; the highest of a group counts."""
        merged: dict[str, int] = {}
        for product_id, gain in relevance.items():
            name = self.first.get(product_id, product_id)
            merged[name] = max(gain, merged.get(name, 0))
        return merged


def judged_queries(catalog: Catalog) -> dict[str, list[Query]]:
    """Queries that have at least one right or partly right product, by type in file order."""
    by_type: dict[str, list[Query]] = defaultdict(list)
    for query in catalog.queries:
        if any(gain > 0 for gain in query.relevance.values()):
            by_type[query.type].append(query)
    return dict(by_type)


def run_queries(
    queries: Sequence[Query], ranker: Ranker, catalog: Catalog, *, depth: int
) -> QueryOutcome:
    """Ask a ranker all queries of one type and score its answers."""
    same = SamePicture.of(catalog.same_picture)
    answers = ranker(queries, depth)
    ranked = [
        same.merge(name for name, _ in answer if name != query.exclude)
        for query, answer in zip(queries, answers, strict=True)
    ]
    gains = [_gains(query, same) for query in queries]
    numbers, relevance = _numbered(ranked, gains)
    values = {
        **score_rankings(numbers, relevance, ["nDCG@10", "R@10"]),
        "hit@1": hit_at_1(numbers, relevance),
    }
    return QueryOutcome(list(queries), ranked, values, [in_test(q, catalog) for q in queries])


def in_test(query: Query, catalog: Catalog) -> bool:
    """Whether the product that a query was made from belongs to the test split.

    Without a named source, the single best answer counts as the source.
    """
    source = query.source_product_id
    if source is None:
        highest = max(query.relevance.values())
        best = [name for name, gain in query.relevance.items() if gain == highest]
        source = best[0] if len(best) == 1 else None
    product = catalog.by_id.get(source) if source else None
    return product is not None and split_of(product) == "test"


def _gains(query: Query, same: SamePicture) -> dict[str, int]:
    relevance = {
        name: gain for name, gain in query.relevance.items() if gain > 0 and name != query.exclude
    }
    return same.merge_gains(relevance)


def _numbered(
    ranked: Sequence[Sequence[str]], gains: Sequence[Mapping[str, int]]
) -> tuple[Ranking, list[dict[int, int]]]:
    number: dict[str, int] = defaultdict(lambda: len(number))
    width = max((len(names) for names in ranked), default=0) or 1
    rows = np.full((len(ranked), width), NOTHING, dtype=np.int64)
    for row, names in enumerate(ranked):
        rows[row, : len(names)] = [number[name] for name in names]
    return rows, [{number[name]: gain for name, gain in judged.items()} for judged in gains]
