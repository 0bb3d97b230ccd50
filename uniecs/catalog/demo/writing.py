"""Writing a catalog folder: pictures, rows, queries, judgements, duplicates, counts."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from uniecs.catalog.demo.facts import Listing, Presentation
from uniecs.catalog.demo.picturing import listing_pictures, query_picture, store_picture
from uniecs.catalog.demo.queries import DemoQuery, composed_queries, other_view_queries
from uniecs.catalog.demo.rows import catalog_row, facts_row
from uniecs.catalog.demo.wishes import attribute_queries
from uniecs.errors import CatalogError

_QUERIES_PER_TYPE = 150
_PRODUCTS_PER_QUERY = 8  # a small catalog gets fewer queries of each type


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """A partial folder beside ``out`` that becomes ``out`` when the block ends well.

    A partial folder that a killed run left behind is removed first.

    Raises:
        CatalogError: When ``out`` is a file, a folder that is not empty, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        kind = "a folder that is not empty" if out.is_dir() else "not a folder"
        raise CatalogError(f"{out} is {kind}; name a new folder, or remove this one first.")
    partial = out.with_name(f"{out.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "images").mkdir(parents=True)
        (partial / "query_images").mkdir()
        yield partial
        partial.replace(out)
    except OSError as error:
        raise CatalogError(f"{out} cannot be written ({error}); choose another folder.") from error


def write_catalog(
    seed: int, listings: list[Listing], folder: Path, *, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Write everything and return the counts, which are also stored as ``stats.json``."""
    count = min(_QUERIES_PER_TYPE, len(listings) // _PRODUCTS_PER_QUERY)
    queries = [
        *attribute_queries(seed, listings, count),
        *other_view_queries(seed, listings, count),
        *composed_queries(seed, listings, count),
    ]
    by_id = {listing.product_id: listing for listing in listings}
    for listing in listings:
        for order in listing_pictures(listing, by_id):
            store_picture(seed, folder, order)
        progress(1)
    for query in queries:
        for order in query_picture(query):
            store_picture(seed, folder, order)
    rows = [catalog_row(seed, listing) for listing in listings]
    _write_parquet(rows, folder / "catalog.parquet")
    _write_lines(folder / "facts.jsonl", (facts_row(listing) for listing in listings))
    _write_lines(folder / "queries.jsonl", (query.row for query in queries))
    _write_judgements(queries, folder / "qrels.tsv")
    same = _same_pictures(rows, folder)
    (folder / "image_duplicates.json").write_text(json.dumps(same) + "\n")
    stats = _count(seed, listings, queries, folder) | {"same_picture_groups": len(same)}
    (folder / "stats.json").write_text(json.dumps(stats, indent=1) + "\n")
    return stats


def _write_parquet(rows: list[dict[str, Any]], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    special = {"price": pa.float64(), "image_paths": pa.list_(pa.string())}
    schema = pa.schema([(name, special.get(name, pa.string())) for name in rows[0]])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def _write_judgements(queries: list[DemoQuery], path: Path) -> None:
    lines = ["query_id\tproduct_id\trelevance"]
    for query in queries:
        judged = sorted(query.relevance.items(), key=lambda pair: (-pair[1], pair[0]))
        lines += [f"{query.row['query_id']}\t{product}\t{gain}" for product, gain in judged]
    path.write_text("\n".join(lines) + "\n")


def _same_pictures(rows: list[dict[str, Any]], folder: Path) -> list[list[str]]:
    """Groups of products whose first pictures are the same bytes."""
    found: dict[str, list[str]] = {}
    for row in rows:
        path = folder / row["image_paths"][0] if row["image_paths"] else None
        if path and path.exists():
            key = hashlib.sha256(path.read_bytes()).hexdigest()
            found.setdefault(key, []).append(row["product_id"])
    return [products for products in found.values() if len(products) > 1]


def _count(
    seed: int, listings: list[Listing], queries: list[DemoQuery], folder: Path
) -> dict[str, Any]:
    shown = Counter(listing.presentation for listing in listings)
    return {
        "name": "demo",
        "seed": seed,
        "products": len(listings),
        "groups": len({one.variant.design.group_id for one in listings}),
        "variants": len({one.variant.key for one in listings}),
        "types": len({one.variant.design.type.name for one in listings}),
        "pictures": len(list((folder / "images").iterdir())),
        "pictures_per_product": _counts(len(one.image_paths) for one in listings),
        "split": _counts(one.variant.design.split for one in listings),
        "category": _counts(one.variant.design.type.category for one in listings),
        "missing_text": shown[Presentation.NO_TEXT],
        "no_picture_path": shown[Presentation.NO_PICTURE],
        "lost_picture": shown[Presentation.LOST_PICTURE],
        "defects": _counts(one.defect for one in listings if one.defect),
        "queries": _counts(query.row["type"] for query in queries),
        "qrels": sum(len(query.relevance) for query in queries),
    }


def _counts(values: Iterable[str | int]) -> dict[str, int]:
    return {str(value): number for value, number in sorted(Counter(values).items())}
