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
from uniecs.catalog.images import resolve_image
from uniecs.catalog.items import Item
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import Product
from uniecs.errors import ImageError
from uniecs.index.shards import EmbeddingReport, finish_embeddings, write_json

SHARDS = 8
BATCH = 256

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
    """Embed the products of one shard; done already means nothing happens."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out.mkdir(parents=True, exist_ok=True)
    products = [p for p in catalog.products if _shard_of(p.product_id, shards) == shard]
    key = {
        "model_version": encoder.model_version,
        "processor_digest": encoder.processor_digest,
        "dim": encoder.dim,
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
    columns: dict[str, list[Any]] = {
        name: [] for name in ("product_id", "vector", "gate_image", "gate_text", "presence")
    }
    skipped: dict[str, str] = {}
    images_absent = 0
    for start in range(0, len(products), BATCH):
        part = products[start : start + BATCH]
        images_absent += _embed_part(encoder, part, catalog.folder, view, columns, skipped)
        if progress:
            progress(len(part))
    partial = out / f".shard-{shard:04d}.{os.getpid()}"
    schema = pa.schema(
        {
            "product_id": pa.string(),
            "vector": pa.list_(pa.float32(), encoder.dim),
            "gate_image": pa.float32(),
            "gate_text": pa.float32(),
            "presence": pa.string(),
        }
    )
    pq.write_table(pa.table(columns, schema=schema), partial)
    digest = file_digest(partial)
    name = f"shard-{shard:04d}-{digest[:12]}.parquet"
    partial.replace(out / name)
    facts = key | {
        "file": name,
        "sha256": digest,
        "rows": len(columns["product_id"]),
        "images_absent": images_absent,
        "skipped": skipped,
    }
    write_json(manifest, facts)


def _embed_part(
    encoder: ItemEncoder,
    products: Sequence[Product],
    folder: Path,
    view: Presence,
    columns: dict[str, list[Any]],
    skipped: dict[str, str],
) -> int:
    """Embed one batch into ``columns``; returns how many pictures counted as absent."""
    items = [_item(product, folder, view) for product in products]
    encoded = encoder.encode(items)
    answers = [(encoded.vectors[i], encoded.gates[i], encoded.errors[i]) for i in range(len(items))]
    presences = [item.presence for item in items]
    # A picture that cannot be read is an absent picture, not an absent product.
    again = [i for i, item in enumerate(items) if encoded.errors[i] and item.text and item.image]
    if again:
        texts = encoder.encode([Item(items[i].id, items[i].text, None) for i in again])
        for place, index in enumerate(again):
            answers[index] = (texts.vectors[place], texts.gates[place], texts.errors[place])
            presences[index] = Presence.TEXT
    for item, presence, (vector, gates, error) in zip(items, presences, answers, strict=True):
        if error is not None:
            skipped[item.id] = str(getattr(error, "message", error))
            continue
        columns["product_id"].append(item.id)
        columns["vector"].append(vector)
        columns["gate_image"].append(float(gates[0]))
        columns["gate_text"].append(float(gates[1]))
        columns["presence"].append(presence.label)
    return len(again)


def _item(product: Product, folder: Path, view: Presence) -> Item:
    image = None
    if Presence.IMAGE in view and product.image:
        try:
            image = resolve_image(folder, product.image)
        except ImageError:
            image = None  # a path out of the folder is an absent picture
    text = product.full_text if Presence.TEXT in view else ""
    return Item(product.product_id, text, image)


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
