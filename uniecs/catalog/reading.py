"""Reading a catalog folder: its rows as they stream, or as valid products with their queries."""

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from uniecs.catalog.digests import file_digest
from uniecs.catalog.formats import DEFECT, DETAIL, READERS
from uniecs.catalog.queries import Query, read_queries
from uniecs.catalog.schema import Product
from uniecs.errors import CatalogError

__all__ = ["NAMES", "Catalog", "Query", "find_catalog", "iter_products", "read_rows"]

NAMES: tuple[str, ...] = ("catalog.parquet", "catalog.jsonl", "catalog.csv")

DUPLICATES = "image_duplicates.json"


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
        rows = list(iter_products(self.folder))
        if not rows:
            raise CatalogError(f"{self.file} has no rows; add products to it.")
        return rows

    @cached_property
    def by_id(self) -> dict[str, Product]:
        """Products by product_id."""
        known: dict[str, Product] = {}
        for row, product in enumerate(self.products):
            if known.setdefault(product.product_id, product) is not product:
                raise CatalogError(
                    f"{self.file}, row {row}: product_id {product.product_id!r} is there twice; "
                    "run `uniecs catalog validate` and use its accepted catalog."
                )
        return known

    @cached_property
    def digest(self) -> str:
        """sha256 of the catalog file: 12 hex digits, as reports show it.

        The file of an accepted catalog names the digests of its pictures and queries, so there
        the digest covers them too.
        """
        return file_digest(self.file)[:12]

    @cached_property
    def queries(self) -> list[Query]:
        """Queries with their judgements; empty when the catalog has none."""
        return read_queries(self.folder, self.products)

    @cached_property
    def same_picture(self) -> list[list[str]]:
        """Groups of product ids that share a byte-identical picture, from the catalog folder."""
        path = self.folder / DUPLICATES
        if not path.exists():
            return []
        try:
            return [[str(name) for name in group] for group in json.loads(path.read_bytes())]
        except (TypeError, ValueError) as error:
            raise CatalogError(
                f"{path} is not a list of lists of product ids ({error}); remove it."
            ) from error


def find_catalog(folder: Path) -> Path:
    """The catalog file of a folder.

    Raises:
        CatalogError: When the folder or the file is missing.
    """
    if not folder.is_dir():
        what = "is a file, not a catalog folder" if folder.exists() else "no such catalog folder"
        raise CatalogError(f"{folder}: {what}; check the path.")
    for name in NAMES:
        if (folder / name).is_file():
            return folder / name
    raise CatalogError(f"{folder} has none of {', '.join(NAMES)}; a catalog folder needs one.")


def read_rows(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Raw rows with their number from 0, streaming; a bad line is a row with ``DEFECT``.

    Raises:
        CatalogError: When the file cannot be read or lacks the column product_id.
    """
    path = find_catalog(folder)
    yield from enumerate(READERS[path.suffix](path))


def iter_products(folder: Path) -> Iterator[Product]:
    """Valid products in file order, streaming.

    Raises:
        CatalogError: At the first row that is not valid.
    """
    path = find_catalog(folder)
    for number, row in read_rows(folder):
        yield _parse(row, number, path)


def _parse(row: dict[str, Any], number: int, path: Path) -> Product:
    try:
        if DEFECT in row:
            raise CatalogError(_invalid(path, number, f"{row[DEFECT]}: {row[DETAIL]}"))
        return Product.model_validate(row)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "row"
        value = str(first["input"])[:80]
        raise CatalogError(
            _invalid(path, number, f"{where}: {first['msg']} (value {value!a})")
        ) from error


def _invalid(path: Path, number: int, what: str) -> str:
    return (
        f"{path}, row {number}: {what}; run `uniecs catalog validate` and use its accepted catalog."
    )
