"""Training pairs, drawn anew each epoch from one seed, without anything that is held out."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from random import Random

from uniecs.catalog.heldout import HeldOut, PictureDigests, held_out
from uniecs.catalog.pairs import Kind, Pair, PairConfig, Side, different_texts, listing_pairs
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import Product
from uniecs.catalog.splits import split_of
from uniecs.catalog.wording import Change, ShortQueries, changes, phrase_change
from uniecs.errors import CatalogError

ATTEMPTS = 4
"""Draws of a short query or a phrase before a listing falls back to its own parts."""


class TrainingPairs:
    """Draws one pair per training listing and epoch.

    Args:
        catalog: A catalog whose rows are valid.
        config: Shares of the kinds.
        digests: Digests of the catalog's pictures, if they are known already.

    Raises:
        CatalogError: When the train split leaves nothing to pair.
    """

    def __init__(
        self, catalog: Catalog, config: PairConfig, digests: PictureDigests | None = None
    ) -> None:
        self.config = config
        self.digests = digests or PictureDigests(catalog.folder)
        self.held = held_out(catalog, self.digests)
        products = [p for p in catalog.products if split_of(p) == "train"]
        self.products = [_without_held(p, self.held, self.digests) for p in products]
        self._row = {product.product_id: row for row, product in enumerate(self.products)}
        self._listing = {
            pair.candidate.product_id: pair for pair in listing_pairs(self.products, self.digests)
        }
        if not self._listing:
            raise CatalogError(
                f"{catalog.file}: no pair can be made from the {len(products)} products of the "
                "train split; products need two different texts, or a picture."
            )

    def shown(self, products: Sequence[Product]) -> list[Product]:
        """``products`` as training may show them: those of train without what is held out."""
        own = {product.product_id: product for product in self.products}
        return [own.get(product.product_id, product) for product in products]

    @property
    def listings(self) -> list[str]:
        """Product ids of the listings that every epoch pairs once, in the order of ``draw``."""
        return list(self._listing)

    @cached_property
    def _short(self) -> ShortQueries:
        return ShortQueries(self.products)

    @cached_property
    def _changes(self) -> dict[int, list[Change]]:
        by_source: dict[int, list[Change]] = {}
        for change in changes(self.products):
            if self.products[change.source].image and self.products[change.target].presence:
                by_source.setdefault(change.source, []).append(change)
        return by_source

    def draw(self, epoch: int, seed: int) -> list[Pair]:
        """The pairs of one epoch: every listing once, in catalog order; the kind is drawn."""
        rng = Random(f"{seed}:{epoch}")
        self._short.forget()
        pairs = []
        for product_id, listing in self._listing.items():
            kind = rng.random()
            row = self._row[product_id]
            pair = None
            if kind < self.config.composed:
                pair = self._composed(row, rng)
            elif kind < self.config.composed + self.config.short:
                pair = self._short_query(row, rng)
            elif kind < self.config.composed + self.config.short + self.config.whole:
                pair = self._whole(row, rng)
            pairs.append(pair or self._parts(listing, rng))
        return pairs

    def _parts(self, pair: Pair, rng: Random) -> Pair:
        """The listing's own two sides; which text stands on which side is drawn."""
        query = replace(pair.query, copy_seed=_new_seed(pair.query, rng))
        candidate = pair.candidate
        if pair.kind != "listing" and query.text and candidate.text and rng.random() < 0.5:
            query, candidate = (
                replace(query, text=candidate.text),
                replace(candidate, text=query.text),
            )
        return replace(pair, query=query, candidate=candidate)

    def _whole(self, row: int, rng: Random) -> Pair | None:
        product = self.products[row]
        text, image = product.full_text, product.image
        if not text or not image:
            return None
        if rng.random() < 0.5:
            query, candidate = Side(product.product_id, text), Side(product.product_id, "", image)
        else:
            copied = Side(product.product_id, "", image, rng.getrandbits(32))
            query, candidate = copied, Side(product.product_id, text, image)
        return self._pair("whole", query, candidate)

    def _short_query(self, row: int, rng: Random) -> Pair | None:
        product = self.products[row]
        candidate = Side(product.product_id, product.full_text, product.image or "")
        for _ in range(ATTEMPTS):
            drawn = self._short.draw(row, rng)
            if drawn is None:
                return None
            words, answers = drawn
            if different_texts(words, candidate.text) and not self.held.holds_text(words):
                pair = self._pair("short", Side(product.product_id, words), candidate)
                return replace(pair, answers=answers)
        return None

    def _composed(self, row: int, rng: Random) -> Pair | None:
        options = self._changes.get(row)
        if not options:
            return None
        change = rng.choice(options)
        source, target = self.products[change.source], self.products[change.target]
        candidate = Side(target.product_id, target.full_text, target.image or "")
        for _ in range(ATTEMPTS):
            words = phrase_change(change.value, rng)
            if not self.held.holds_text(words):
                query = Side(source.product_id, words, source.image or "")
                pair = self._pair("composed", query, candidate)
                return replace(pair, refuse=source.product_id)
        return None

    def _pair(self, kind: Kind, query: Side, candidate: Side) -> Pair:
        return Pair(
            pair_id=f"{kind}:{query.product_id}:{candidate.product_id}",
            kind=kind,
            split="train",
            query=query,
            candidate=candidate,
        )


def _new_seed(side: Side, rng: Random) -> int | None:
    return None if side.copy_seed is None else rng.getrandbits(32)


def _without_held(product: Product, held: HeldOut, digests: PictureDigests) -> Product:
    """The product without held-out pictures, texts and missing files."""
    pictures = tuple(
        path
        for path in digests.distinct(product.image_paths)
        if digests.of(path) not in held.pictures
    )
    description = "" if held.holds_text(product.description) else product.description
    title = "" if held.holds_text(product.title) else product.title
    return product.model_copy(
        update={"image_paths": pictures, "description": description, "title": title}
    )
