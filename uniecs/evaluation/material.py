"""What an evaluation compares: the queries and candidates of a split, encoded once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from uniecs.catalog.pairs import Pair, Side
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import Relations, catalog_relations
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.contest import Contest
from uniecs.evaluation.tasks import Ask, Pool, asks_of, pool_of
from uniecs.evaluation.views import ItemEncoder, Progress, Views, encode_views


@dataclass(frozen=True)
class Material:
    """Everything that is ranked, with its vectors.

    Attributes:
        asks: Queries of the nine tasks.
        pool: Candidates of the nine tasks.
        whole: Whole texts as queries: the sanity check.
        split: Candidates of the split alone.
        others: Other listings, in the seeded order in which they join a growing pool.
        relations: Between all products of the catalog.
        views: Vectors of all of them.
        config: Settings of the evaluation.
    """

    asks: list[Ask]
    pool: Pool
    whole: list[Ask]
    split: Pool
    others: list[Side]
    relations: Relations
    views: Views
    config: EvaluationConfig

    @cached_property
    def probes(self) -> list[Ask]:
        """At most ``config.probes`` of the queries, drawn once: what every curve is made of."""
        if len(self.asks) <= self.config.probes:
            return self.asks
        drawn = np.random.default_rng(self.config.seed).permutation(len(self.asks))
        return [self.asks[row] for row in sorted(drawn[: self.config.probes])]

    @cached_property
    def contest(self) -> Contest:
        """The probes against the pool of the nine tasks."""
        return Contest(self.probes, self.pool.sides, self.relations, self.views)


def prepare(
    encoder: ItemEncoder,
    catalog: Catalog,
    pairs: Sequence[Pair],
    pool: str,
    config: EvaluationConfig,
    progress: Progress | None,
) -> Material:
    """Encode the two sides of a split's pairs, and the listings that join its pool."""
    asks, candidates = asks_of(pairs), pool_of(pairs, catalog, pool)
    split = pool_of(pairs, catalog, "split")
    whole = [
        Ask(side.product_id, Side(side.product_id, text), side.product_id)
        for side in split.sides
        if (text := catalog.by_id[side.product_id].full_text)
    ]
    others = _others(split, catalog, config)
    wanted = [
        ([ask.side for ask in asks], VIEWS),
        (candidates.sides, VIEWS),
        ([ask.side for ask in whole], [Presence.TEXT]),
        (others, VIEWS),
    ]
    return Material(
        asks=asks,
        pool=candidates,
        whole=whole,
        split=split,
        others=others,
        relations=catalog_relations(catalog),
        views=encode_views(encoder, catalog.folder, wanted, config, progress),
        config=config,
    )


def _others(split: Pool, catalog: Catalog, config: EvaluationConfig) -> list[Side]:
    """As many other listings as the largest pool needs, drawn at random."""
    own = set(split.product_ids)
    listings = [product for product in catalog.products if product.product_id not in own]
    room = max(0, max(config.pool_sizes, default=0) - len(split.sides))
    order = np.random.default_rng(config.seed).permutation(len(listings))[:room]
    return [
        Side(product.product_id, product.full_text, product.image or "")
        for product in (listings[row] for row in order)
    ]
