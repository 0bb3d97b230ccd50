"""Vectors of a catalog as immutable shards: the output of the embed step, the input of a build.

A shard file is named by its content and never changed; progress is the set of shard manifests, so
a killed run goes on with the missing shards, and two workers on one shard write the same bytes.
"""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from uniecs.catalog.digests import file_digest
from uniecs.catalog.items import Item, product_item
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import Product
from uniecs.index.look import LOOK, LOOK_DIM, looks_of
from uniecs.index.shards import EmbeddingReport, finish_embeddings, write_json

SHARDS = 8
BATCH = 256
FORMAT = 3
"""Changes with the columns of a shard, so that older shards are embedded again."""

Progress = Callable[[int], None]


class EncodedBatch(Protocol):
    """What an encoder answers, see :class:`uniecs.inference.items.Encoded`."""

    @property
    def vectors(self) -> np.ndarray:
        """[N, D] float32 unit rows; zeros where an item failed."""

    @property
    def gates(self) -> np.ndarray:
        """[N, 2] float32 modality weights (image, text)."""

    @property
    def errors(self) -> Sequence[Any | None]:
        """[N] None, or why the item failed."""


class ItemEncoder(Protocol):
    """An encoder as the index needs it; :class:`uniecs.inference.encoder.Encoder` is one."""

    @property
    def model_version(self) -> str:
        """Version of the model."""

    @property
    def processor_digest(self) -> str:
        """Digest of its processor."""

    @property
    def dim(self) -> int:
        """Length of the vectors."""

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> EncodedBatch:
        """Vectors of items, in order, with an error per failed item."""


def embed_catalog(
    encoder: ItemEncoder,
    catalog: Catalog,
    out: Path,
    *,
    view: Presence = Presence.BOTH,
    shards: int = SHARDS,
    progress: Progress | None = None,
) -> EmbeddingReport:
    """Embed a catalog into ``out``, resuming at the first missing shard.

    Args:
        encoder: Turns items into vectors.
        catalog: What to embed.
        out: Folder of shards; one model, view and catalog per folder.
        view: The modalities to embed.
        shards: Number of parts; products belong to one by a hash of their id.
        progress: Called with the number of products done since the last call.
    """
    for shard in range(shards):
        embed_shard(encoder, catalog, out, shard=shard, shards=shards, view=view, progress=progress)
    return finish_embeddings(out, shards=shards)


def embed_shard(
    encoder: ItemEncoder,
    catalog: Catalog,
    out: Path,
    *,
    shard: int,
    shards: int,
    view: Presence = Presence.BOTH,
    progress: Progress | None = None,
) -> None:
    """Embed the products of one shard; done already means nothing happens.

    Beside the vector of the view, a product with a picture gets that of its picture alone, and its
    look.
    """
    out.mkdir(parents=True, exist_ok=True)
    products = [p for p in catalog.products if _shard_of(p.product_id, shards) == shard]
    key = {
        "format": FORMAT,
        "model_version": encoder.model_version,
        "processor_digest": encoder.processor_digest,
        "dim": encoder.dim,
        "look": LOOK,
        "view": view.label,
        "catalog_digest": catalog.digest,
        "shard": shard,
        "shards": shards,
    }
    manifest = out / f"shard-{shard:04d}.json"
    if _is_done(manifest, key):
        if progress:
            progress(len(products))
        return
    rows: list[dict[str, Any]] = []
    skipped: dict[str, str] = {}
    images_absent = 0
    for start in range(0, len(products), BATCH):
        part = products[start : start + BATCH]
        images_absent += _embed_part(encoder, part, catalog.folder, view, rows, skipped)
        if progress:
            progress(len(part))
    name, digest = _write_shard(out, shard, rows, encoder.dim)
    facts = {"file": name, "sha256": digest, "rows": len(rows)}
    write_json(manifest, key | facts | {"images_absent": images_absent, "skipped": skipped})


def _write_shard(out: Path, shard: int, rows: list[dict[str, Any]], dim: int) -> tuple[str, str]:
    """Write a shard under the name of its content; returns name and sha256."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema(
        {
            "product_id": pa.string(),
            "vector": pa.list_(pa.float32(), dim),
            "picture": pa.list_(pa.float32(), dim),
            "look": pa.list_(pa.float32(), LOOK_DIM),
            "gate_image": pa.float32(),
            "gate_text": pa.float32(),
            "presence": pa.string(),
        }
    )
    partial = out / f".shard-{shard:04d}.{os.getpid()}"
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), partial)
    digest = file_digest(partial)
    name = f"shard-{shard:04d}-{digest[:12]}.parquet"
    partial.replace(out / name)
    return name, digest


def _embed_part(
    encoder: ItemEncoder,
    products: Sequence[Product],
    folder: Path,
    view: Presence,
    rows: list[dict[str, Any]],
    skipped: dict[str, str],
) -> int:
    """Embed one batch into ``rows``; returns how many pictures counted as absent."""
    items = [product_item(product, folder, view) for product in products]
    both = [i for i, item in enumerate(items) if item.presence is Presence.BOTH]
    # One call, so that a picture runs through its tower once for both of its vectors.
    alone = [Item(items[i].id, "", items[i].image) for i in both]
    vectors, gates, errors = _encoded(encoder, [*items, *alone])
    pictures = dict(zip(both, vectors[len(items) :], strict=True))
    # A picture that cannot be read is an absent picture, not an absent product.
    again = [i for i in both if errors[i]]
    for index in again:
        items[index] = Item(items[index].id, items[index].text, None)
    texts = _encoded(encoder, [items[index] for index in again])
    for place, index in enumerate(again):
        vectors[index], gates[index], errors[index] = (part[place] for part in texts)
    looks = looks_of([item.image for item in items])
    for i, item in enumerate(items):
        if errors[i]:
            skipped[item.id] = str(getattr(errors[i], "message", errors[i]))
            continue
        picture = vectors[i] if item.presence is Presence.IMAGE else pictures.get(i)
        rows.append(
            {
                "product_id": item.id,
                "vector": vectors[i],
                "picture": np.zeros_like(vectors[i]) if picture is None else picture,
                "look": looks[i],
                "gate_image": float(gates[i][0]),
                "gate_text": float(gates[i][1]),
                "presence": item.presence.label,
            }
        )
    return len(again)


def _encoded(
    encoder: ItemEncoder, items: Sequence[Item]
) -> tuple[list[np.ndarray], list[np.ndarray], list[Any]]:
    if not items:
        return [], [], []
    encoded = encoder.encode(items)
    return list(encoded.vectors), list(encoded.gates), list(encoded.errors)


def _shard_of(product_id: str, shards: int) -> int:
    return int.from_bytes(hashlib.sha256(product_id.encode()).digest()[:8], "big") % shards


def _is_done(manifest: Path, key: dict[str, Any]) -> bool:
    try:
        facts = json.loads(manifest.read_text(encoding="utf-8"))
        path = manifest.parent / facts["file"]
        same = all(facts[name] == value for name, value in key.items())
        return bool(same and file_digest(path) == facts["sha256"])
    except (OSError, ValueError, KeyError):
        return False
