"""Answering a search: encode, retrieve by vector and by words, fuse, join features.

A search resolves the live generation once and takes everything from that one. When it was dropped
in between (two swaps within one search), the search starts over with the new one.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from uniecs.catalog.items import Item
from uniecs.catalog.presence import Presence
from uniecs.errors import QueryError, ServiceUnavailable
from uniecs.index.expressions import expression, pictured
from uniecs.index.failures import CollectionGone
from uniecs.index.filter_tree import Filter, all_of
from uniecs.index.filters import parse_filter
from uniecs.index.generations import GenerationStore
from uniecs.index.ledger import Generation
from uniecs.index.lexical import analyse
from uniecs.index.milvus import Hit
from uniecs.search.constraints import PriceWish, price_wish
from uniecs.search.deadline import Deadline
from uniecs.search.encoders import EncoderShelf
from uniecs.search.features import FeatureJoin
from uniecs.search.fusion import FUSION, fuse
from uniecs.search.lexicon import FIELDS, Lexicon
from uniecs.search.looks import Looks
from uniecs.search.request import SearchHit, SearchRequest, SearchResponse
from uniecs.search.retrieval import (
    ANCHORS,
    BEHIND,
    DEPTH,
    Anchor,
    composed_terms,
    composed_weight,
    picture_ranking,
)
from uniecs.search.stages import StageClock
from uniecs.settings import Settings

if TYPE_CHECKING:
    from uniecs.inference.encoder import Encoder

_TRIES = 4


class SearchEngine:
    """Searches the live generation; safe for use by many threads.

    Args:
        settings: Which index, registry, features and tenant.
        encoder: The only encoder to use; by default the live generation's own is loaded.
        features: Joins online features; by default those that were materialized last.
        new_id: Makes query ids.
        milvus_seconds: How long one call of Milvus may take.

    Example:
        ``SearchEngine(settings).search(SearchRequest(text="red mug", where="price < 20"))``
    """

    def __init__(
        self,
        settings: Settings,
        encoder: "Encoder | None" = None,
        *,
        features: FeatureJoin | None = None,
        new_id: Callable[[], str] = lambda: f"q-{uuid.uuid4().hex[:16]}",
        milvus_seconds: float = 30.0,
    ) -> None:
        self._store = GenerationStore(settings, milvus_seconds=milvus_seconds)
        self._shelf = EncoderShelf(settings, encoder)
        self._lexicon = Lexicon(settings)
        self._looks = Looks()
        self._features = features or FeatureJoin(settings)
        self._new_id = new_id

    def search(self, request: SearchRequest, *, deadline: Deadline | None = None) -> SearchResponse:
        """Answer one request.

        Args:
            request: What is searched.
            deadline: When to give up; looked at before every stage.

        Raises:
            DeadlineExceeded: When the deadline passed.
            FilterError: When the filter cannot be understood.
            QueryError: When the picture cannot be used.
            GenerationError: When no generation is live.
            ModelMismatch: When the given encoder is of another model than the generation.
            ServiceUnavailable: When Milvus does not answer.
        """
        where = parse_filter(request.where) if request.where.strip() else None
        self._features.open()
        reconnected = False
        for _ in range(_TRIES - 1):
            try:
                return self._answer(request, where, deadline)
            except CollectionGone:
                continue
            except ServiceUnavailable:
                if reconnected:
                    raise
                self._store.reconnect()
                reconnected = True
        return self._answer(request, where, deadline)

    def _answer(
        self, request: SearchRequest, where: Filter | None, deadline: Deadline | None
    ) -> SearchResponse:
        clock = StageClock(deadline)
        generation = self._store.live()
        encoder = self._shelf.fitting(generation)
        wish = price_wish(request.text) if request.mode == "hybrid" else PriceWish(request.text)
        query = replace(request, text=wish.rest or request.text)
        with clock.measure("encode"):
            vectors = _encode(encoder, query)
        ranked: dict[str, Hit] = {}
        for tier in dict.fromkeys((wish.filter, None)):  # the wished price first, then any price
            if len(ranked) < request.top_k:
                limit = all_of([part for part in (where, tier) if part is not None])
                bonus = 1.0 if tier is not None else 0.0
                for hit in self._retrieve(generation, query, vectors, limit, clock):
                    ranked.setdefault(hit.product_id, replace(hit, score=hit.score + bonus))
        hits = list(ranked.values())[: request.top_k]
        with clock.measure("features"):
            joined = self._features.join([hit.product_id for hit in hits])
        return SearchResponse(
            query_id=self._new_id(),
            generation=generation.id,
            model_version=generation.model_version,
            features=joined.status,
            hits=tuple(_shown(hit, joined.values.get(hit.product_id, {})) for hit in hits),
            timings_ms=clock.milliseconds(),
        )

    def _retrieve(
        self,
        generation: Generation,
        request: SearchRequest,
        vectors: np.ndarray,
        where: Filter | None,
        clock: StageClock,
    ) -> list[Hit]:
        hybrid = request.mode == "hybrid"
        if hybrid and request.image is not None and not request.text.strip():
            return self._picture(generation, request, request.image, vectors[0], where, clock)
        depth = max(DEPTH, request.top_k) if hybrid else request.top_k
        with clock.measure("dense"):
            found = self._nearest(generation, request, vectors[0], where, depth)
        if not hybrid:
            return found
        composed = request.image is not None
        with clock.measure("lexical"):
            anchors = self._anchors(generation, vectors[1]) if composed else []
            terms = composed_terms(request.text, anchors) if composed else analyse(request.text)
            words = self._lexicon.search(
                self._store.milvus, generation, terms, top_k=depth, where=where
            )
        weight = composed_weight(anchors) if composed else FUSION.text
        hits = {hit.product_id: hit for hit in (*found, *words)}
        fused = fuse([(_ids(found), weight), (_ids(words), 1.0)])
        return [replace(hits[product_id], score=score) for product_id, score in fused]

    def _picture(
        self,
        generation: Generation,
        request: SearchRequest,
        image: Path | bytes,
        vector: np.ndarray,
        where: Filter | None,
        clock: StageClock,
    ) -> list[Hit]:
        """A picture alone: by the encoder, by its look, and the kin of what these find first."""
        milvus, depth = self._store.milvus, max(DEPTH, request.top_k)
        with clock.measure("dense"):
            near = self._nearest(generation, request, vector, where, depth)
            alike = self._looks.search(milvus, generation, image, top_k=depth, where=where)
        hits = {hit.product_id: hit for hit in (*alike, *near)}

        def kin(product_id: str) -> list[str]:
            terms = analyse(_anchor(hits[product_id]).heading)
            words = self._lexicon.search(milvus, generation, terms, top_k=depth, where=where)
            hits.update((hit.product_id, hit) for hit in words)
            return _ids(words)

        with clock.measure("lexical"):
            fused = picture_ranking(_scored(near), _scored(alike), kin)
        return [replace(hits[product_id], score=score) for product_id, score in fused]

    def _nearest(
        self,
        generation: Generation,
        request: SearchRequest,
        vector: np.ndarray,
        where: Filter | None,
        depth: int,
    ) -> list[Hit]:
        """By the generation's view; for a picture without words by pictures first."""
        allowed = expression(where, tenant=generation.tenant)
        found: dict[str, Hit] = {}
        if request.image is not None and not request.text.strip():
            by_picture = self._by_picture(generation, vector, allowed, depth)
            found = {hit.product_id: hit for hit in by_picture}
        behind = BEHIND if found else 0.0
        if len(found) < depth:
            answers = self._store.milvus.nearest(
                generation.collection,
                vector[None],
                top_k=depth,
                expression=allowed,
                fields=FIELDS,
                exhaustive=where is not None,
            )
            for hit in answers[0]:
                found.setdefault(hit.product_id, replace(hit, score=hit.score - behind))
        return list(found.values())[:depth]

    def _by_picture(
        self, generation: Generation, vector: np.ndarray, allowed: str, depth: int
    ) -> list[Hit]:
        """Nearest products by their pictures alone; none where the server holds no such vectors."""
        milvus = self._store.milvus
        if not milvus.capabilities.pictures:
            return []
        return milvus.nearest(
            generation.collection,
            vector[None],
            top_k=depth,
            expression=pictured(allowed),
            fields=FIELDS,
            exhaustive=True,
            column="picture",
        )[0]

    def _anchors(self, generation: Generation, picture: np.ndarray) -> list[Anchor]:
        own = expression(None, tenant=generation.tenant)
        near = self._by_picture(generation, picture, own, ANCHORS)
        if not near:
            near = self._store.milvus.nearest(
                generation.collection, picture[None], top_k=ANCHORS, expression=own, fields=FIELDS
            )[0]
        return [_anchor(hit) for hit in near]


def _encode(encoder: "Encoder", request: SearchRequest) -> np.ndarray:
    """[1, D] vector of the query; [2, D] with that of its picture alone when it has words too."""
    items = [Item("query", request.text.strip(), request.image)]
    if items[0].presence is Presence.BOTH and request.mode == "hybrid":
        items.append(Item("picture", "", request.image))
    encoded = encoder.encode(items)
    for error in encoded.errors:
        if error is not None:
            raise QueryError(f"The query's picture cannot be used: {error.message}")
    return encoded.vectors


def _ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.product_id for hit in hits]


def _scored(hits: Sequence[Hit]) -> list[tuple[str, float]]:
    return [(hit.product_id, hit.score) for hit in hits]


def _anchor(hit: Hit) -> Anchor:
    names = (str(hit.fields.get(name, "")) for name in ("title", "brand", "category"))
    return Anchor(heading=" ".join(names), similarity=hit.score)


def _shown(hit: Hit, features: Mapping[str, Any]) -> SearchHit:
    return SearchHit(
        product_id=hit.product_id,
        score=round(hit.score, 6),
        title=str(hit.fields["title"]),
        brand=str(hit.fields["brand"]) or None,
        price=float(hit.fields["price"]) if hit.fields["has_price"] else None,
        features=dict(features),
    )
