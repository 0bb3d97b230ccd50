"""Queries of a catalog and their judgements: ``queries.jsonl`` and ``qrels.tsv``."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uniecs.catalog.cells import is_broken
from uniecs.catalog.images import resolve_image
from uniecs.catalog.schema import Product
from uniecs.errors import CatalogError, ImageError

QUERIES = "queries.jsonl"
QRELS = "qrels.tsv"


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


def read_queries(folder: Path, products: Sequence[Product]) -> list[Query]:
    """Queries of a catalog folder with their judgements; none without ``queries.jsonl``.

    A query of type ``user_photo`` is judged by class: every product whose ``article_type`` is
    in the query's ``article_types`` is right.

    Raises:
        CatalogError: When a line is not JSON, lacks a key, has neither text nor picture, or names
            a picture outside the folder.
    """
    path = folder / QUERIES
    if not path.exists():
        return []
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    for query_id, product_id, gain in read_qrels(folder):
        judged[query_id][product_id] = gain
    by_class: dict[str, list[str]] = defaultdict(list)
    for product in products:
        by_class[str(product.attributes.get("article_type"))].append(product.product_id)
    queries = []
    for number, row in enumerate(read_query_rows(folder), start=1):
        try:
            if isinstance(row, str):
                raise ValueError(row)
            relevance = judged.get(row["query_id"]) or {
                product_id: 2
                for name in row.get("article_types") or ()
                for product_id in by_class.get(name, ())
            }
            queries.append(parse_query(row, folder, relevance))
        except (KeyError, TypeError, ValueError, ImageError) as error:
            raise CatalogError(f"{path}, line {number}: {error}; mend or remove it.") from error
    return queries


def read_query_rows(folder: Path) -> Iterator[dict[str, Any] | str]:
    """Raw rows of ``queries.jsonl``, one per line; a string says why a line cannot be read."""
    path = folder / QUERIES
    if not path.exists():
        return
    with path.open("rb") as stream:
        for line in stream:
            try:
                row = json.loads(line.decode("utf-8-sig"))
                yield row if isinstance(row, dict) else "not a JSON object"
            except (ValueError, RecursionError) as error:
                yield f"not JSON ({error})"


def parse_query(row: dict[str, Any], folder: Path, relevance: dict[str, int]) -> Query:
    """A query from its raw row.

    Raises:
        ValueError: When query_id or type is missing, it has neither text nor picture, or anything
            in it is a broken character, which could not be written again.
        ImageError: When its picture lies outside the folder.
    """
    for key in ("query_id", "type"):
        if not isinstance(row.get(key), str) or not row[key]:
            raise ValueError(f"{key} is {row.get(key)!r}, a query needs a text there")
    text, image = row.get("text") or "", row.get("image_path") or None
    if not isinstance(text, str) or not isinstance(image, str | None):
        raise ValueError("text and image_path must be strings")
    if not text.strip() and image is None:
        raise ValueError(f"query {row['query_id']!r} has neither text nor picture")
    if is_broken(json.dumps(row, ensure_ascii=False)):
        raise ValueError(f"query {row['query_id']!a} holds half of a surrogate pair, no valid text")
    if image is not None:
        resolve_image(folder, image)
    source = row.get("source_product_id")
    return Query(
        query_id=row["query_id"],
        type=row["type"],
        text=text,
        image=folder / image if image is not None else None,
        exclude=source if row["type"] == "composed" else None,
        relevance=relevance,
        source_product_id=source,
    )


def read_qrels(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Judgements (query_id, product_id, gain) of a catalog folder, streaming; none without a file.

    Raises:
        CatalogError: When a column is missing or a gain is no whole number.
    """
    path = folder / QRELS
    if not path.exists():
        return
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE)
        try:
            for row in reader:
                yield row["query_id"], row["product_id"], int(row["relevance"])
        except (KeyError, TypeError, ValueError, csv.Error) as error:
            raise CatalogError(
                f"{path}, line {reader.line_num}: {error!r}; it needs the columns query_id, "
                "product_id and a whole number relevance, separated by tabs."
            ) from error
