"""Pictures and Parquet files of a benchmark."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.catalog.images import resolve_image
from uniecs.catalog.schema import COLUMNS
from uniecs.evaluation.benchmark.listings import Listing
from uniecs.evaluation.benchmark.pairs import (
    BenchmarkPair,
    catalog_row,
    group_names,
    image_name,
    listings_of,
)  # fmt: skip
from uniecs.evaluation.views import Progress

if TYPE_CHECKING:
    import pyarrow as pa


def copy_pictures(
    catalog: Path, listings: Sequence[Listing], out: Path, progress: Progress | None
) -> None:
    """Copy the picture of every listing; a link would change when the catalog's file does."""
    for number, listing in enumerate(listings, 1):
        shutil.copyfile(resolve_image(catalog, listing.picture.path), out / image_name(listing))
        if progress:
            progress("pictures copied", number, len(listings))


def write_tables(
    pairs: Sequence[BenchmarkPair], balanced: Sequence[dict[str, Any]], out: Path
) -> None:
    """Write ``catalog.parquet``, ``pairs.parquet`` and ``balanced.parquet``."""
    import pyarrow as pa

    groups = group_names(pairs)
    rows = [catalog_row(listing, groups[listing.id]) for listing in listings_of(pairs)]
    special = {"price": pa.float64(), "image_paths": pa.list_(pa.string())}
    columns = [(name, special.get(name, pa.string())) for name in COLUMNS]
    _write(rows, pa.schema(columns), out / "catalog.parquet")
    named = [pair.row() for pair in pairs]
    _write(named, pa.schema([(name, pa.string()) for name in named[0]]), out / "pairs.parquet")
    _write(balanced, _balanced_schema(), out / "balanced.parquet")


def _balanced_schema() -> "pa.Schema":
    import pyarrow as pa

    texts = ("image_product_id", "image", "text_product_id", "text", "category")
    return pa.schema(
        [("couple", pa.int32()), ("split", pa.string()), ("match", pa.bool_())]
        + [(name, pa.string()) for name in texts]
        + [("similarity", pa.float64())]
    )


def _write(rows: Sequence[dict[str, Any]], schema: "pa.Schema", path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
