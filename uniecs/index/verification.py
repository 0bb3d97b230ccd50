"""Is a generation what it should be? Checked against the embeddings it was built from."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from uniecs.index.expressions import expression, pictured
from uniecs.index.filter_tree import Compare, Filter
from uniecs.index.ledger import Generation
from uniecs.index.milvus import Milvus
from uniecs.index.predicates import matches
from uniecs.index.schema import Row, schema_hash
from uniecs.index.shards import read_embeddings, read_report

TOP_K = 10
QUERIES = 100
QUERIES_FILTERED = 40
RECALL = 0.97
RECALL_FILTERED = 0.95
LEAST_ROWS = 10
"""A filter that leaves fewer rows is not judged."""

SHARES = (0.5, 0.1, 0.02, 0.0)
"""Shares of the rows that the chosen filters should leave, as near as the data allows."""

NOISE = 0.5
"""Length of the random step from a stored vector to a query, before it is normalised again."""

_TIE = 1e-5
_BATCH = 25


@dataclass(frozen=True, slots=True)
class Check:
    """One question, its answer and what the answer had to be."""

    name: str
    value: str | float
    threshold: str | float
    passed: bool


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks of one generation."""

    generation: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """The contract of `uniecs index verify`."""
        checks = [
            {name: getattr(check, name) for name in ("name", "value", "threshold", "passed")}
            for check in self.checks
        ]
        return {"generation": self.generation, "passed": self.passed, "checks": checks}


def verify_generation(milvus: Milvus, generation: Generation, *, seed: int = 0) -> Verification:
    """Count, schema, versions, and recall@10 against exact search, also under filters.

    Queries are stored vectors moved by seeded noise. Filters are chosen from the data to leave
    about half, a tenth and a fiftieth of the rows, and as few as 10.

    Raises:
        DataError: When the embeddings are gone or altered.
    """
    name = generation.collection
    folder = Path(generation.embeddings)
    report = read_report(folder)
    columns, dim = milvus.columns(name)
    own = expression(None, tenant=generation.tenant)
    milvus.load(name)
    counted = milvus.count(name, own)
    checks = [
        Check("rows", counted, report.rows, counted == report.rows),
        _equal("schema", schema_hash(dim, columns), generation.schema_hash),
        _equal("model_version", report.model_version, generation.model_version),
        _equal("processor_digest", report.processor_digest, generation.processor_digest),
    ]
    if all(check.passed for check in checks):
        checks.extend(_recall_checks(milvus, generation, folder, seed))
    return Verification(generation.id, tuple(checks))


def _equal(name: str, value: str, threshold: str) -> Check:
    return Check(name, value, threshold, value == threshold)


@dataclass(frozen=True, slots=True)
class _Sample:
    """What Milvus is compared with: all vectors of one column, and queries near some of them."""

    milvus: Milvus
    generation: Generation
    ids: list[str]
    vectors: np.ndarray
    queries: np.ndarray
    column: str = "vector"

    def recall(self, expression_: str, allowed: np.ndarray, *, queries: int, every: bool) -> float:
        """Share of the exact best 10 that Milvus finds; equal scores count as each other.

        Args:
            expression_: The filter for Milvus.
            allowed: [N] bool, the same filter for us.
            queries: How many queries to ask.
            every: Search exhaustively, as is done under filters.
        """
        place = {product_id: index for index, product_id in enumerate(self.ids)}
        depth = min(TOP_K, int(allowed.sum()))
        found, wanted = 0, 0
        for start in range(0, min(queries, len(self.queries)), _BATCH):
            part = self.queries[start : start + _BATCH]
            exact = np.where(allowed, part @ self.vectors.T, -np.inf)
            least = np.partition(exact, -depth, axis=1)[:, -depth] - _TIE
            answers = self.milvus.nearest(
                self.generation.collection,
                part,
                top_k=TOP_K,
                expression=expression_,
                exhaustive=every,
                column=self.column,
            )
            for row, hits in enumerate(answers):
                scores = [exact[row, place[h.product_id]] for h in hits if h.product_id in place]
                found += min(depth, sum(bool(score >= least[row]) for score in scores))
                wanted += depth
        return round(found / wanted, 4) if wanted else 1.0


def _recall_checks(
    milvus: Milvus, generation: Generation, folder: Path, seed: int
) -> Iterator[Check]:
    shards = list(read_embeddings(folder))
    ids = [product_id for shard in shards for product_id in shard.ids]
    vectors = np.concatenate([shard.vectors for shard in shards])
    sample = _Sample(milvus, generation, ids, vectors, _queries(vectors, seed))
    own = expression(None, tenant=generation.tenant)
    value = sample.recall(own, np.ones(len(ids), bool), queries=QUERIES, every=False)
    yield Check("recall@10", value, RECALL, value >= RECALL)
    pictures = np.concatenate([shard.pictures for shard in shards])
    looks = np.concatenate([shard.looks for shard in shards])
    for column, stored in (("picture", pictures), ("look", looks)):
        there = np.asarray(stored.any(axis=1))
        if milvus.capabilities.pictures and there.sum() >= LEAST_ROWS:
            queries = _queries(stored[there], seed)
            by_column = _Sample(milvus, generation, ids, stored, queries, column=column)
            value = by_column.recall(pictured(own), there, queries=QUERIES, every=False)
            yield Check(f"recall@10 by {column}", value, RECALL, value >= RECALL)
    rows = _rows(milvus, generation)
    for text, where in choose_filters(list(rows.values())):
        allowed = np.array([matches(where, rows[i], tenant=generation.tenant) for i in ids])
        narrowed = expression(where, tenant=generation.tenant)
        value = sample.recall(narrowed, allowed, queries=QUERIES_FILTERED, every=True)
        name = f"recall@10 where {text} ({int(allowed.sum())} rows)"
        yield Check(name, value, RECALL_FILTERED, value >= RECALL_FILTERED)


def _queries(vectors: np.ndarray, seed: int) -> np.ndarray:
    """[Q, D] unit vectors: some of ``vectors``, each moved by seeded noise."""
    rng = np.random.default_rng(seed)
    picked = rng.choice(len(vectors), size=min(QUERIES, len(vectors)), replace=False)
    step = rng.normal(size=(len(picked), vectors.shape[1]))
    moved = vectors[picked] + NOISE * step / np.linalg.norm(step, axis=1, keepdims=True)
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def _rows(milvus: Milvus, generation: Generation) -> dict[str, Row]:
    columns = [name for name in Row.__slots__ if name != "terms"]
    stored = milvus.read(generation.collection, columns)
    return {
        str(row["product_id"]): Row(**{name: row[name] for name in columns}, terms="")
        for row in stored
    }


def choose_filters(rows: list[Row]) -> list[tuple[str, Filter]]:
    """Filters on the data's own values whose shares come nearest to ``SHARES``.

    Returns:
        Text and tree of each; none leaves fewer than 10 rows.
    """
    counts: dict[tuple[str, str | float, bool], int] = {}
    prices = sorted(row.price for row in rows if row.has_price)
    for row in rows:
        facts = [("brand", row.brand, False), ("category", row.category, False)]
        words = row.attributes["s"].items()
        facts += [(name, values[0], True) for name, values in words if len(values) == 1]
        for fact in facts:
            if fact[1]:
                counts[fact] = counts.get(fact, 0) + 1
    candidates: list[tuple[int, str, Filter]] = []
    for (column, value, attribute), count in counts.items():
        label = f"attributes.{column}" if attribute else column
        where = Compare(column, "==", value, attribute)
        candidates.append((count, f'{label} == "{value}"', where))
    for share in SHARES:
        if prices:
            limit = prices[max(0, int(share * len(prices)) - 1)]
            count = sum(price <= limit for price in prices)
            candidates.append((count, f"price <= {limit:g}", Compare("price", "<=", limit)))
    candidates = sorted(
        (c for c in candidates if LEAST_ROWS <= c[0] < len(rows)), key=lambda c: (c[0], c[1])
    )
    chosen: list[tuple[str, Filter]] = []
    for share in SHARES:
        if candidates:
            target = max(LEAST_ROWS, share * len(rows))
            best = min(candidates, key=lambda c: abs(math.log(c[0] / target)))
            candidates.remove(best)
            chosen.append(best[1:])
    return chosen
