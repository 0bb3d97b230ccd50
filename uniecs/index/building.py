"""Building a generation: embed, begin or continue, fill; resumable at the last batch."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.errors import GenerationError
from uniecs.index.embeddings import ItemEncoder, Progress, embed_catalog
from uniecs.index.ledger import Generation, Ledger, next_id
from uniecs.index.lexical import document_terms
from uniecs.index.milvus import Milvus
from uniecs.index.schema import METRIC, columns_for, row_of, schema_hash
from uniecs.index.shards import Embedded, EmbeddingReport, read_embeddings, read_report
from uniecs.settings import Settings

BATCH = 1000
"""Rows per write."""


def embedded(
    source: ItemEncoder | Path,
    catalog: Catalog,
    settings: Settings,
    *,
    view: Presence,
    progress: Progress | None,
) -> tuple[Path, EmbeddingReport]:
    """The folder of embeddings: ``source`` itself, or made with it under ``UNIECS_HOME``.

    Raises:
        GenerationError: When it holds nothing, or another catalog.
    """
    if isinstance(source, Path):
        folder = source
    else:
        name = f"{source.model_version}-{catalog.digest}-{view.label}"
        folder = settings.root / "embeddings" / name
        embed_catalog(source, catalog, folder, view=view, progress=progress)
    report = read_report(folder)
    _check_embeddings(report, folder, catalog)
    return folder, report


def begin(
    milvus: Milvus,
    ledger: Ledger,
    report: EmbeddingReport,
    folder: Path,
    *,
    tenant: str,
    model_folder: Path | None,
    clock: Callable[[], datetime],
) -> Generation:
    """Record a new generation in state ``building``; its collection is created by ``fill``."""
    taken = ledger.ids() | {
        name.removeprefix("uniecs_").replace("_", "-") for name in milvus.collections()
    }
    new_id = next_id(taken, clock)
    generation = Generation(
        id=new_id,
        state="building",
        tenant=tenant,
        collection=f"uniecs_{new_id.replace('-', '_')}",
        rows=report.rows,
        loaded=0,
        model_version=report.model_version,
        processor_digest=report.processor_digest,
        dim=report.dim,
        metric=METRIC,
        view=report.view,
        catalog_digest=report.catalog_digest,
        schema_hash=_schema_hash(milvus, report),
        embeddings=str(folder.absolute()),
        model_folder=str(model_folder.absolute()) if model_folder else "",
        replaced="",
        created=clock(),
    )
    ledger.add(generation)
    return generation


def continues(
    milvus: Milvus, generation: Generation, report: EmbeddingReport, folder: Path
) -> bool:
    """Whether a killed build was of this very content, so that it can go on."""
    return (
        generation.embeddings == str(folder.absolute())
        and generation.model_version == report.model_version
        and generation.catalog_digest == report.catalog_digest
        and generation.schema_hash == _schema_hash(milvus, report)
    )


def _schema_hash(milvus: Milvus, report: EmbeddingReport) -> str:
    return schema_hash(report.dim, columns_for(pictures=milvus.capabilities.pictures))


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
    vectors = (shard.vectors[part], shard.pictures[part], shard.looks[part])
    milvus.upsert(generation.collection, rows, *vectors)


def _check_embeddings(report: EmbeddingReport, folder: Path, catalog: Catalog) -> None:
    if report.catalog_digest != catalog.digest:
        raise GenerationError(
            f"{folder} holds embeddings of catalog {report.catalog_digest}, not of "
            f"{catalog.digest}; embed this catalog."
        )
    if not report.rows:
        raise GenerationError(
            f"{folder} holds no vectors: no product of {catalog.folder} could be encoded."
        )
