"""Reading catalogs, queries and judgements; rows stream, so memory does not grow with them."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from uniecs.catalog.digests import file_digest
from uniecs.catalog.schema import Product
from uniecs.errors import CatalogError

NAMES: tuple[str, ...] = ("catalog.parquet", "catalog.jsonl", "catalog.csv")


@dataclass(frozen=True, slots=True)
class Query:
    """A row of ``queries.jsonl``.

    Attributes:
        image: Path of the picture, or None.
        exclude: Product that is removed from the ranking before scoring (the source of a
            composed query).
        relevance: product_id -> gain (2 right, 1 partial) from ``qrels.tsv``.
        source_product_id: Product that the query was made from, if the catalog says so.
    """

    query_id: str
    type: str
    text: str
    image: Path | None
    exclude: str | None
    relevance: dict[str, int]
    source_product_id: str | None


class Catalog:
    """A catalog folder whose rows are valid: what training, evaluation and indexing read.

    Args:
        folder: Folder with ``catalog.parquet``, ``.jsonl`` or ``.csv``, and pictures.

    Raises:
        CatalogError: When the folder or a row cannot be used; validate it first.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = find_catalog(folder)

    @cached_property
    def products(self) -> list[Product]:
        """All rows, in file order."""
        rows = [_parse(row, number, self.file) for number, row in read_rows(self.folder)]
        if not rows:
            raise CatalogError(f"{self.file} has no rows; add products to it.")
        return rows

    @cached_property
    def by_id(self) -> dict[str, Product]:
        """Products by product_id."""
        return {product.product_id: product for product in self.products}

    @cached_property
    def digest(self) -> str:
        """sha256 of the catalog file: 12 hex digits, as reports show it."""
        return file_digest(self.file)[:12]

    @cached_property
    def queries(self) -> list[Query]:
        """Queries with their judgements; empty when the catalog has none."""
        return read_queries(self.folder, self.products)

    @cached_property
    def same_picture(self) -> list[list[str]]:
        """Groups of product ids that share a byte-identical picture, from the catalog folder."""
        path = self.folder / "image_duplicates.json"
        return json.loads(path.read_text()) if path.exists() else []


def find_catalog(folder: Path) -> Path:
    """The catalog file of a folder.

    Raises:
        CatalogError: When the folder or the file is missing.
    """
    if not folder.is_dir():
        raise CatalogError(f"{folder}: no such catalog folder; check the path.")
    for name in NAMES:
        if (folder / name).is_file():
            return folder / name
    raise CatalogError(f"{folder} has none of {', '.join(NAMES)}; a catalog folder needs one.")


def read_rows(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Raw rows with their number from 0, streaming.

    Raises:
        CatalogError: When the file cannot be read or lacks the column product_id.
    """
    path = find_catalog(folder)
    reader = {".parquet": _read_parquet, ".jsonl": _read_jsonl, ".csv": _read_csv}[path.suffix]
    yield from enumerate(reader(path))


def _read_parquet(path: Path) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            _require_product_id(file.schema_arrow.names, path)
            for batch in file.iter_batches(batch_size=1024):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise CatalogError(f"{path} is not a readable Parquet file: {error}") from error


def _read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig"))
            except (UnicodeDecodeError, json.JSONDecodeError) as error:
                yield {"_defect": f"line {number + 1}: {error}"}
                continue
            yield row if isinstance(row, dict) else {"_defect": f"line {number + 1}: not an object"}


def _read_csv(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
        reader = csv.DictReader(stream)
        _require_product_id(reader.fieldnames or [], path)
        for row in reader:
            yield {name: value or None for name, value in row.items() if name}


def _require_product_id(names: Any, path: Path) -> None:
    if "product_id" not in names:
        raise CatalogError(f"{path} has no column product_id; its columns are {sorted(names)}.")


def _parse(row: dict[str, Any], number: int, path: Path) -> Product:
    try:
        return Product.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "row"
        raise CatalogError(
            f"{path}, row {number}: {where}: {first['msg']} (value {str(first['input'])[:80]!r}); "
            "run `uniecs catalog validate` and use its accepted catalog."
        ) from error


def read_queries(folder: Path, products: list[Product]) -> list[Query]:
    """Queries of a catalog folder with their judgements.

    A query of type ``user_photo`` is judged by class: every product whose ``article_type`` is
    in the query's ``article_types`` is right.

    Raises:
        CatalogError: When a line is not JSON or lacks a key.
    """
    path = folder / "queries.jsonl"
    if not path.exists():
        return []
    judged = _read_qrels(folder / "qrels.tsv")
    by_class: dict[str, list[str]] = {}
    for product in products:
        by_class.setdefault(str(product.attributes.get("article_type")), []).append(
            product.product_id
        )
    queries = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        try:
            row = json.loads(line)
            queries.append(_query(row, folder, judged, by_class))
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise CatalogError(
                f"{path}, line {number + 1}: {error!r}; mend or remove it."
            ) from error
    return queries


def _query(
    row: dict[str, Any],
    folder: Path,
    judged: dict[str, dict[str, int]],
    by_class: dict[str, list[str]],
) -> Query:
    relevance = judged.get(row["query_id"], {})
    if not relevance:
        relevance = {
            product_id: 2
            for name in row.get("article_types", [])
            for product_id in by_class.get(name, [])
        }
    source = row.get("source_product_id")
    return Query(
        query_id=row["query_id"],
        type=row["type"],
        text=row.get("text") or "",
        image=folder / row["image_path"] if row.get("image_path") else None,
        exclude=source if row["type"] == "composed" else None,
        relevance=relevance,
        source_product_id=source,
    )


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    if not path.exists():
        return judged
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            judged.setdefault(row["query_id"], {})[row["product_id"]] = int(row["relevance"])
    return judged
