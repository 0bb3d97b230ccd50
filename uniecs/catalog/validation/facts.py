"""Compact tables of facts: a few numbers per row and picture, however long the texts are."""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.catalog.formats import estimate_rows
from uniecs.catalog.queries import parse_query, read_query_rows
from uniecs.catalog.reading import find_catalog, read_rows
from uniecs.catalog.validation.pictures import READABLE, PictureFact, examine_picture
from uniecs.catalog.validation.rows import CheckedRow, check_row
from uniecs.catalog.validation.tables import FactTable, with_category_rows
from uniecs.errors import ImageError

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]
"""Called with (rows done, rows in all or 0 when unknown)."""

_CHUNK = 128
_LABEL = 120

_PRODUCT_TYPES = {
    "row": "int64", "product_id": "object", "readable": "boolean", "accepted": "boolean",
    "id_usable": "boolean", "texts_valid": "boolean", "has_title": "boolean", "price": "float64",
    "price_valid": "boolean", "currency": "label", "currency_valid": "boolean",
    "currency_named": "boolean", "category": "label", "has_category": "boolean",
    "attributes_valid": "boolean", "has_picture": "boolean", "picture": "Int64",
}  # fmt: skip

_PICTURE_TYPES = {
    "row": "int64", "code": "label", "readable": "boolean",
    "width": "int32", "height": "int32", "short_side": "Int32",
}  # fmt: skip


@dataclass(slots=True)
class RowFact:
    """Facts of one row; None where a fact does not apply.

    Attributes:
        picture: Digest of the indexed picture, as in ``PictureFact``.
    """

    row: int
    product_id: str | None
    readable: bool
    accepted: bool
    id_usable: bool | None = None
    texts_valid: bool | None = None
    has_title: bool | None = None
    price: float | None = None
    price_valid: bool | None = None
    currency: str | None = None
    currency_valid: bool | None = None
    currency_named: bool | None = None
    category: str | None = None
    has_category: bool | None = None
    attributes_valid: bool | None = None
    has_picture: bool | None = None
    picture: int | None = None


@dataclass
class Facts:
    """Everything that checks, report and accepted catalog need to know.

    Attributes:
        products: One line per row, columns as in ``RowFact`` and ``category_rows``.
        pictures: One line per named picture, in the order of rows and ``image_paths``: row, code,
            readable, width, height, short_side.
        queries: One line per line of ``queries.jsonl``: usable.
        reasons: Rows in quarantine by reason code; a row may have several.
    """

    products: "pd.DataFrame"
    pictures: "pd.DataFrame"
    queries: "pd.DataFrame"
    reasons: Counter[str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """One line of ``quarantine.jsonl``."""

    row: int
    product_id: str | None
    reasons: list[str]


@dataclass
class _Collector:
    folder: Path
    on_rejected: Callable[[Rejected], None]
    kept: set[str] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)

    def judge(self, row: int, checked: CheckedRow, pictures: list[PictureFact]) -> RowFact:
        """Final verdict on a row, now that its pictures are known."""
        good = [fact for fact in pictures if fact.code == READABLE]
        reasons = list(checked.reasons)
        title = checked.text_of("title")
        if checked.raw and not reasons and not title and not good:
            reasons.append("nothing_left")
        if not reasons and checked.product_id in self.kept:
            reasons.append("duplicate_id")
        if reasons:
            self.reasons.update(reasons)
            self.on_rejected(Rejected(row, checked.shown_id, reasons))
        elif checked.product_id is not None:
            self.kept.add(checked.product_id)
        fact = RowFact(row, checked.product_id, bool(checked.raw), not reasons)
        if checked.raw:
            _fill(fact, checked)
            fact.has_title = bool(title)
            fact.has_picture = bool(good)
            fact.picture = good[0].digest if good else None
        return fact


def _fill(fact: RowFact, checked: CheckedRow) -> None:
    """Facts that follow from the cells alone."""
    fact.id_usable = checked.product_id is not None
    fact.texts_valid = not {"encoding", "invalid_text"} & set(checked.reasons)
    fact.category = checked.text_of("category")[:_LABEL] or None
    fact.has_category = fact.category is not None
    if checked.raw.get("attributes") is not None:
        fact.attributes_valid = "attributes" not in checked.bad
    currency = checked.text_of("currency").upper()
    if "currency" in checked.bad:
        fact.currency_valid = False
    elif currency:
        fact.currency, fact.currency_valid = currency, True
    if "price" in checked.bad:
        fact.price_valid = False
    elif (price := checked.text_of("price").lower()) not in ("", "nan"):
        fact.price, fact.price_valid = _number(price), True
        fact.currency_named = "currency" in checked.bad or bool(currency)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:  # a form of number that only the schema reads, such as bytes
        return None


def collect_facts(
    folder: Path,
    on_rejected: Callable[[Rejected], None],
    progress: Progress | None = None,
) -> Facts:
    """Read every row and decode every picture once, in file order.

    Args:
        folder: Catalog folder.
        on_rejected: Called with each row for quarantine, in file order.
        progress: Called after each chunk of rows.

    Raises:
        CatalogError: When the catalog as a whole cannot be read.
    """
    total = estimate_rows(find_catalog(folder))
    collector = _Collector(folder, on_rejected)
    products, pictures = FactTable(_PRODUCT_TYPES), FactTable(_PICTURE_TYPES)
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for rows, looked in _examined(read_rows(folder), folder, pool):
            for (row, checked), facts in zip(rows, looked, strict=True):
                products.add(asdict(collector.judge(row, checked, facts)))
                for fact in facts:
                    pictures.add(_picture_line(row, fact))
            if progress:
                progress(rows[-1][0] + 1, total)
        queries = FactTable({"usable": "boolean"})
        for usable in _usable_queries(folder, pool):
            queries.add({"usable": usable})
    return Facts(
        products=with_category_rows(products.frame()),
        pictures=pictures.frame(),
        queries=queries.frame(),
        reasons=collector.reasons,
    )


def _examined(
    rows: Iterable[tuple[int, dict[str, Any]]], folder: Path, pool: ThreadPoolExecutor
) -> Iterator[tuple[list[tuple[int, CheckedRow]], list[list[PictureFact]]]]:
    """Chunks of checked rows with the facts of their pictures."""
    stream = iter(rows)
    while chunk := [(row, check_row(raw)) for row, raw in islice(stream, _CHUNK)]:
        paths = [path for _, checked in chunk for path in checked.paths]
        found = pool.map(lambda path: examine_picture(folder, path), paths)
        yield chunk, [list(islice(found, len(checked.paths))) for _, checked in chunk]


def _picture_line(row: int, fact: PictureFact) -> dict[str, Any]:
    readable = fact.code == READABLE
    side = min(fact.width, fact.height) if readable else None
    return {
        "row": row, "code": fact.code, "readable": readable,
        "width": fact.width, "height": fact.height, "short_side": side,
    }  # fmt: skip


def _usable_queries(folder: Path, pool: ThreadPoolExecutor) -> Iterator[bool]:
    """Can each line of ``queries.jsonl`` be asked: well-formed, new id, readable picture."""
    seen: set[str] = set()
    yield from pool.map(lambda given: _is_usable(given, folder), _fresh(folder, seen))


def _fresh(folder: Path, seen: set[str]) -> Iterator[dict[str, Any] | None]:
    for row in read_query_rows(folder):
        query_id = row.get("query_id") if isinstance(row, dict) else None
        fresh = isinstance(query_id, str) and query_id not in seen
        if isinstance(query_id, str):
            seen.add(query_id)
        yield row if fresh and isinstance(row, dict) else None


def _is_usable(row: dict[str, Any] | None, folder: Path) -> bool:
    if row is None:
        return False
    try:
        query = parse_query(row, folder, {})
    except (ValueError, ImageError):
        return False
    return query.image is None or examine_picture(folder, row["image_path"]).code == READABLE
