"""Pairs of a trigger (query) side and a recall (candidate) side, for the nine tasks.

A query never holds the very text or picture of its candidate: the texts of the two sides differ
after normalisation, and the pictures differ by hash or one of them is a re-lit, re-encoded copy.
Kinds of pairs:

- ``view``, ``copy``: the two sides are different parts of one listing: title against details, and
  another view (else a copy) of the indexed picture.
- ``listing``: two listings of one variant: other title, other picture.
- ``whole``: one side is the whole text alone, the other the picture (training only).
- ``short``: a few attribute words against the listing (training only).
- ``composed``: a picture of A and the words that change it, against B (training only).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field

from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import Product, normalise_text
from uniecs.catalog.splits import split_of
from uniecs.catalog.wording import short_facts
from uniecs.errors import CatalogError

NAMED_PAIRS = "pairs.parquet"
SIDES: tuple[str, str] = ("trigger", "recall")
"""Sides of a pair in that file: the query and the candidate that answers it."""

Kind = Literal["view", "copy", "listing", "whole", "short", "composed"]


class PairConfig(BaseModel):
    """Shares of the kinds of training pairs; the rest are ``view``, ``copy`` and ``listing``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    whole: float = Field(default=0.30, ge=0, le=1)
    short: float = Field(default=0.20, ge=0, le=1)
    composed: float = Field(default=0.10, ge=0, le=1)


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a pair.

    Attributes:
        text: Empty for absent.
        image: Path relative to the catalog folder; empty for absent.
        copy_seed: None for the file itself, else the seed of the copy that is made of it.
    """

    product_id: str
    text: str = ""
    image: str = ""
    copy_seed: int | None = None

    @property
    def presence(self) -> Presence:
        """Modalities of this side."""
        return Presence.of(text=self.text, image=self.image)


@dataclass(frozen=True, slots=True)
class Pair:
    """A query side and the candidate side that answers it.

    Attributes:
        answers: Ids of all products that answer a short query; empty means the candidate (and
            whatever ``Relations`` calls equal to it).
        refuse: Product that must not be answered: the picture's own product of a composed query.
    """

    pair_id: str
    kind: Kind
    split: str
    query: Side
    candidate: Side
    answers: frozenset[str] = frozenset()
    refuse: str = ""


def listing_pairs(
    products: Sequence[Product], digests: PictureDigests, *, seed: int = 0
) -> list[Pair]:
    """One pair per listing that has two sides, over ``products`` alone.

    A listing with a sibling of the same variant (same group, same facts, other title, other
    picture) is paired with it; every other one is taken apart.
    """
    siblings = _siblings(products, digests)
    pairs = []
    for product in products:
        pair = _with_sibling(product, siblings.get(product.product_id), digests)
        pair = pair or _taken_apart(product, digests, seed)
        if pair is not None:
            pairs.append(pair)
    return pairs


def evaluation_pairs(catalog: Catalog, split: str) -> list[Pair]:
    """The pairs whose sides are the queries and candidates of a split's nine tasks.

    A benchmark names them in ``pairs.parquet``; for any other catalog they are made.
    """
    named = named_pairs(catalog.folder)
    if named is not None:
        return [pair for pair in named if pair.split == split]
    products = [product for product in catalog.products if split_of(product) == split]
    return listing_pairs(products, PictureDigests(catalog.folder))


def named_pairs(folder: Path) -> list[Pair] | None:
    """The pairs that a benchmark folder names; None for any other catalog.

    Raises:
        CatalogError: When the file cannot be read or lacks a column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / NAMED_PAIRS
    if not path.is_file():
        return None
    sides = [f"{side}_{what}" for side in SIDES for what in ("product_id", "text", "image")]
    try:
        table = pq.read_table(path, columns=["pair_id", "split", *sides])
    except (pa.ArrowException, OSError, KeyError) as error:
        raise CatalogError(f"{path} is not a file of pairs ({error}); build it again.") from error
    return [_named(row) for row in table.to_pylist()]


def _named(row: dict[str, str]) -> Pair:
    query, candidate = (
        Side(row[f"{side}_product_id"], row[f"{side}_text"], row[f"{side}_image"]) for side in SIDES
    )
    kind: Kind = "view" if query.product_id == candidate.product_id else "listing"
    return Pair(row["pair_id"], kind, row["split"], query, candidate)


def kind_shares(pairs: Sequence[Pair]) -> dict[str, float]:
    """Share of the pairs that is of each kind, largest first."""
    counts: dict[str, int] = defaultdict(int)
    for pair in pairs:
        counts[pair.kind] += 1
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {kind: count / len(pairs) for kind, count in ordered}


def different_texts(one: str, other: str) -> bool:
    """Whether both texts exist and differ after normalisation."""
    a, b = normalise_text(one), normalise_text(other)
    return bool(a) and bool(b) and a != b


def _taken_apart(product: Product, digests: PictureDigests, seed: int) -> Pair | None:
    pictures = digests.distinct(product.image_paths)
    main = pictures[0] if pictures and pictures[0] == product.image else ""
    view = pictures[1] if main and len(pictures) > 1 else main
    copied = bool(main) and view == main
    title, details = product.title.strip(), product.details
    if not different_texts(title, details):
        title, details = (title, "") if title else ("", details)
    query = Side(
        product.product_id,
        title,
        view,
        crc32(f"{seed}:{product.product_id}".encode()) if copied else None,
    )
    candidate = Side(product.product_id, details, main)
    if not query.presence or not candidate.presence:
        return None
    return Pair(
        pair_id=product.product_id,
        kind="view" if main and not copied else "copy",
        split=split_of(product),
        query=query,
        candidate=candidate,
    )


def _with_sibling(
    product: Product, sibling: Product | None, digests: PictureDigests
) -> Pair | None:
    if sibling is None or not product.image or not sibling.image:
        return None
    if not digests.of(product.image) or not digests.of(sibling.image):
        return None
    return Pair(
        pair_id=product.product_id,
        kind="listing",
        split=split_of(product),
        query=Side(sibling.product_id, sibling.title.strip(), sibling.image),
        candidate=Side(product.product_id, product.full_text, product.image),
    )


def _siblings(products: Sequence[Product], digests: PictureDigests) -> dict[str, Product]:
    """For each listing, the next listing of the same variant, in a ring."""
    variants: dict[tuple[str, ...], list[Product]] = defaultdict(list)
    for product in products:
        if product.group_id and product.title.strip() and product.image:
            facts = sorted(f"{n}={v}" for n, v in short_facts(product).items() if n != "seller")
            variants[product.group_id, *facts].append(product)
    found = {}
    for members in variants.values():
        for one, other in zip(members, members[1:] + members[:1], strict=True):
            distinct = digests.of(one.image or "") != digests.of(other.image or "")
            if one is not other and distinct and different_texts(one.title, other.title):
                found[one.product_id] = other
    return found
