"""Pictures and Parquet files of a benchmark."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.catalog.images import resolve_image
from uniecs.catalog.pairs import NAMED_PAIRS
from uniecs.catalog.schema import COLUMNS
from uniecs.evaluation.benchmark.groups import Groups
from uniecs.evaluation.benchmark.pairs import BenchmarkPair, image_name
from uniecs.evaluation.benchmark.rows import CatalogRow
from uniecs.evaluation.views import Progress

if TYPE_CHECKING:
    import pyarrow as pa


def copy_pictures(
    catalog: Path, rows: Sequence[CatalogRow], out: Path, progress: Progress | None
) -> None:
    """Copy the pictures of every row; a link would change when the catalog's file does."""
    for number, row in enumerate(rows, 1):
        for picture in row.pictures:
            shutil.copyfile(resolve_image(catalog, picture.path), out / image_name(picture))
        if progress:
            progress("pictures copied", number, len(rows))


def write_tables(
    rows: Sequence[CatalogRow],
    pairs: Sequence[BenchmarkPair],
    balanced: Sequence[dict[str, Any]],
    groups: Groups,
    out: Path,
) -> None:
    """Write ``catalog.parquet``, ``pairs.parquet`` and ``balanced.parquet``."""
    import pyarrow as pa

    special = {"price": pa.float64(), "image_paths": pa.list_(pa.string())}
    columns = [(name, special.get(name, pa.string())) for name in COLUMNS]
    _write([row.cells(groups) for row in rows], pa.schema(columns), out / "catalog.parquet")
    named = [pair.row() for pair in pairs]
    _write(named, pa.schema([(name, pa.string()) for name in named[0]]), out / NAMED_PAIRS)
    _write(balanced, _balanced_schema(), out / "balanced.parquet")


def _balanced_schema() -> "pa.Schema":
    import pyarrow as pa

    texts = ("image_product_id", "image", "text_product_id", "text", "category")
    return pa.schema(
        [("couple", pa.int32()), ("split", pa.string()), ("match", pa.bool_())]
        + [(name, pa.string()) for name in texts]
        + [("similarity", pa.float64()), ("license", pa.string()), ("source", pa.string())]
    )


def _write(rows: Sequence[dict[str, Any]], schema: "pa.Schema", path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
