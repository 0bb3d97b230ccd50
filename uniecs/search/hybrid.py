"""The same retrieval as the engine's, exact and in process, for evaluation on a whole catalog."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial

import numpy as np
import numpy.typing as npt

from uniecs.catalog.items import Item, product_item
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog, Query
from uniecs.catalog.schema import Product
from uniecs.evaluation.metrics import NOTHING
from uniecs.evaluation.ranking import best_columns
from uniecs.evaluation.views import ItemEncoder
from uniecs.index.lexical import Bm25, analyse, document_terms
from uniecs.index.look import LOOK_DIM, look_of, looks_of
from uniecs.search.constraints import PriceWish, price_wish
from uniecs.search.fusion import FUSION, Fusion, fuse
from uniecs.search.retrieval import (
    ANCHORS,
    BEHIND,
    DEPTH,
    Anchor,
    composed_terms,
    composed_weight,
    picture_ranking,
)

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Ranked = list[tuple[str, float]]
Looks = Mapping[str, Floats]
"""Product id -> [LOOK_DIM] unit vector, or zeros."""
Ranker = Callable[[Sequence[Query], int], list[Ranked]]

PICTURES_ONLY: frozenset[str] = frozenset({"description_to_image"})
"""Query types whose candidates are pictures alone; their words are not looked up in texts."""

_CHUNK = 512


def catalog_rankers(
    encoder: ItemEncoder, catalog: Catalog, looks: Looks | None = None
) -> dict[str, Ranker]:
    """Rankers over a whole catalog: the encoder alone, and hybrid search.

    Args:
        encoder: Encodes queries and products.
        catalog: Searched as a whole; each product by its text and its first picture.
        looks: What the products' pictures look like, where that is known.

    Returns:
        ``encoder`` and ``hybrid``: queries and k -> top k (product_id, score) per query.
    """
    search = CatalogSearch(encoder, catalog, looks)
    return {"encoder": search.encoder, "hybrid": search.hybrid}


class CatalogSearch:
    """Search in a whole catalog; its vectors, terms and looks are made when first needed.

    Args:
        encoder: Encodes queries and products.
        catalog: Searched as a whole; each product by its text and its first picture.
        looks: What the products' pictures look like, where that is known.
    """

    def __init__(self, encoder: ItemEncoder, catalog: Catalog, looks: Looks | None = None) -> None:
        self._encoder = encoder
        self._known_looks = looks
        self._folder = catalog.folder
        self._products = catalog.products
        self._ids = [product.product_id for product in self._products]
        self._prices = np.array(
            [np.nan if product.price is None else product.price for product in self._products]
        )
        self._place = {product_id: row for row, product_id in enumerate(self._ids)}
        self._views: dict[Presence, tuple[Floats, Mask]] = {}

    @cached_property
    def _bm25(self) -> Bm25:
        return Bm25.build(self._ids, [document_terms(product) for product in self._products])

    @cached_property
    def _looks(self) -> tuple[Floats, Mask]:
        """[N, LOOK_DIM] looks of the first pictures, and [N] which products have one."""
        if (known := self._known_looks) is not None:
            nothing = np.zeros(LOOK_DIM, np.float32)
            looks = np.stack([known.get(product_id, nothing) for product_id in self._ids])
        else:
            items = [product_item(p, self._folder, Presence.IMAGE) for p in self._products]
            looks = looks_of([item.image for item in items])
        return looks, np.asarray(looks.any(axis=1))

    def encoder(self, queries: Sequence[Query], k: int) -> list[Ranked]:
        """Top k by the encoder's vectors."""
        vectors = self._encode([_item(query, query.text) for query in queries])
        return [
            self._nearest(query, vector, k) for query, vector in zip(queries, vectors, strict=True)
        ]

    def hybrid(self, queries: Sequence[Query], k: int, fusion: Fusion = FUSION) -> list[Ranked]:
        """Top k as the search engine ranks them."""
        wishes = [price_wish(query.text) for query in queries]
        texts = [wish.rest or query.text for wish, query in zip(wishes, queries, strict=True)]
        vectors = self._encode([_item(q, text) for q, text in zip(queries, texts, strict=True)])
        pictures = self._encode([_item(q, "") for q in queries if q.image and q.text.strip()])
        picture = iter(pictures)
        answers = []
        for query, text, wish, vector in zip(queries, texts, wishes, vectors, strict=True):
            if query.type in PICTURES_ONLY:
                answers.append(self._nearest(query, vector, k))
                continue
            if not text.strip():
                answers.append(self._seen(query, vector, max(DEPTH, k), fusion)[:k])
                continue
            composed = query.image is not None
            anchors = self._anchors(next(picture)) if composed else []
            terms = composed_terms(text, anchors, fusion) if composed else analyse(text)
            weight = composed_weight(anchors, fusion) if composed else fusion.text
            fused = partial(self._fused, query, vector, terms, weight, max(DEPTH, k))
            answers.append(self._tiers(fused, wish, k))
        return answers

    def _tiers(self, fused: Callable[[Mask], Ranked], wish: PriceWish, k: int) -> Ranked:
        """Products within the wished price first, then the others."""
        within = wish.kept_by(self._prices)
        if within.all():
            return fused(within)[:k]
        ranked = {product_id: score + 1.0 for product_id, score in fused(within)}
        if len(ranked) < k:
            for product_id, score in fused(np.ones_like(within)):
                ranked.setdefault(product_id, score)
        return list(ranked.items())[:k]

    def _fused(
        self,
        query: Query,
        vector: Floats,
        terms: list[str],
        weight: float,
        depth: int,
        allowed: Mask,
    ) -> Ranked:
        dense = [name for name, _ in self._nearest(query, vector, depth, allowed)]
        words = [name for name, _ in self._bm25.search(terms, depth, allowed)]
        return fuse([(dense, weight), (words, 1.0)])

    def _seen(self, query: Query, vector: Floats, depth: int, fusion: Fusion) -> Ranked:
        """For a picture alone; nothing when it cannot be decoded."""
        near = self._nearest(query, vector, depth)
        if not near or query.image is None:
            return []
        looks, usable = self._looks
        scores = np.where(usable, looks @ look_of(query.image), -np.inf)
        alike = [(self._ids[row], float(scores[row])) for row in _best(scores, depth)]
        return picture_ranking(near, alike, partial(self._kin, depth), fusion)

    def _kin(self, depth: int, product_id: str) -> list[str]:
        terms = analyse(_heading(self._products[self._place[product_id]]))
        return [name for name, _ in self._bm25.search(terms, depth)]

    def _anchors(self, picture: Floats) -> list[Anchor]:
        scores = self._view(Presence.IMAGE)[0] @ picture
        rows = _best(scores, ANCHORS)
        return [Anchor(_heading(self._products[row]), float(scores[row])) for row in rows]

    def _nearest(self, query: Query, vector: Floats, k: int, allowed: Mask | None = None) -> Ranked:
        """By the view IT; by pictures alone for a description, and first for a picture."""
        if query.type in PICTURES_ONLY:
            return self._by(Presence.IMAGE, vector, k, allowed)
        if query.text.strip():
            return self._by(Presence.BOTH, vector, k, allowed)
        found = dict(self._by(Presence.IMAGE, vector, k, allowed))
        behind = BEHIND if found else 0.0
        if len(found) < k:
            for name, score in self._by(Presence.BOTH, vector, k, allowed):
                found.setdefault(name, score - behind)
        return list(found.items())[:k]

    def _by(self, view: Presence, vector: Floats, k: int, allowed: Mask | None) -> Ranked:
        vectors, usable = self._view(view)
        if allowed is not None:
            usable = usable & allowed
        if not vector.any():  # the query could not be encoded
            return []
        scores = np.where(usable, vectors @ vector, -np.inf)
        return [(self._ids[row], float(scores[row])) for row in _best(scores, k)]

    def _view(self, view: Presence) -> tuple[Floats, Mask]:
        """[N, D] vectors of all products in one view, and [N] which products have one."""
        if view not in self._views:
            items = [product_item(product, self._folder, view) for product in self._products]
            vectors = self._encode(items)
            lost = [
                row
                for row, item in enumerate(items)
                if item.image and item.text and not vectors[row].any()
            ]
            # an unreadable picture is an absent one, as in the index
            vectors[lost] = self._encode([Item(items[row].id, items[row].text) for row in lost])
            self._views[view] = vectors, np.asarray(vectors.any(axis=1))
        return self._views[view]

    def _encode(self, items: Sequence[Item]) -> Floats:
        parts = [
            self._encoder.encode(items[start : start + _CHUNK]).vectors
            for start in range(0, len(items), _CHUNK)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self._encoder.dim), np.float32)


def _item(query: Query, text: str) -> Item:
    return Item(query.query_id, text.strip(), query.image)


def _best(scores: Floats, k: int) -> list[int]:
    """Rows of the k highest finite scores, best first; of equals the first."""
    best = best_columns(scores[None], min(k, len(scores)))[0]
    return [int(row) for row in best if row != NOTHING]


def _heading(product: Product) -> str:
    return f"{product.title} {product.brand or ''} {product.category}"
