"""Filling a generation's collection from embeddings, resumable at the last acknowledged batch."""

from pathlib import Path

import numpy as np

from uniecs.catalog.reading import Catalog
from uniecs.errors import GenerationError
from uniecs.index.embeddings import Progress
from uniecs.index.ledger import Generation, Ledger
from uniecs.index.lexical import document_terms
from uniecs.index.milvus import Milvus
from uniecs.index.schema import row_of
from uniecs.index.shards import Embedded, read_embeddings

BATCH = 1000
"""Rows per write."""


def fill(
    milvus: Milvus,
    ledger: Ledger,
    generation: Generation,
    catalog: Catalog,
    *,
    progress: Progress | None = None,
) -> None:
    """Write all rows, then load the collection.

    Rows come in the order of the shards, and the ledger knows how many are acknowledged, so a
    killed build goes on behind them; writing a row twice changes nothing.
    """
    done = generation.loaded
    if generation.collection not in milvus.collections():
        done = 0
        facts = generation.as_json()
        milvus.create(
            generation.collection, dim=generation.dim, rows=generation.rows, description=facts
        )
    position = 0
    for shard in read_embeddings(Path(generation.embeddings)):
        for start in range(0, len(shard.ids), BATCH):
            size = min(BATCH, len(shard.ids) - start)
            position += size
            if position > done:
                _write(milvus, generation, catalog, shard, slice(start, start + size))
                ledger.set(generation.id, loaded=position)
            if progress:
                progress(size)
    milvus.flush(generation.collection)
    milvus.load(generation.collection, again=True)


def _write(
    milvus: Milvus, generation: Generation, catalog: Catalog, shard: Embedded, part: slice
) -> None:
    rows = []
    for product_id, presence in zip(shard.ids[part], shard.presences[part], strict=True):
        product = catalog.by_id.get(product_id)
        if product is None:
            raise GenerationError(
                f"Product {product_id!r} has a vector but is not in {catalog.folder}; "
                "embed the catalog again."
            )
        terms = " ".join(document_terms(product))
        rows.append(row_of(product, tenant=generation.tenant, presence=presence, terms=terms))
    milvus.upsert(generation.collection, rows, np.asarray(shard.vectors[part], np.float32))
