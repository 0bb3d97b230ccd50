"""What is wrong with one raw row, as short stable codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from uniecs.catalog.cells import is_broken, parse_image_paths
from uniecs.catalog.formats import DEFECT
from uniecs.catalog.schema import MAX_PICTURES, Product

REASONS: dict[str, str] = {
    "unreadable_row": "the line is no row of its format",
    "encoding": "a text is not UTF-8, or holds a NUL or a broken character",
    "missing_id": "product_id is absent or blank",
    "invalid_id": "product_id is no text or number, or is too long",
    "duplicate_id": "an earlier good row has this product_id",
    "invalid_text": "a text is of the wrong type or too long",
    "negative_price": "the price is below zero",
    "invalid_price": "the price is no number, or is infinite or absurdly large",
    "invalid_currency": "the currency is no three-letter code",
    "invalid_attributes": "attributes are no JSON object",
    "invalid_image_paths": "image_paths is no list of paths, or is too long",
    "nothing_left": "neither a title nor a readable picture",
}
"""Reason codes of ``quarantine.jsonl`` and what they mean."""

_BY_COLUMN = {
    "product_id": "invalid_id",
    "price": "invalid_price",
    "currency": "invalid_currency",
    "attributes": "invalid_attributes",
    "image_paths": "invalid_image_paths",
}


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A raw row and what is wrong with it before its pictures are looked at.

    Attributes:
        raw: The row as read; empty when it could not be read.
        product: The valid product, or None.
        reasons: Codes, sorted; a row whose only fault is to have neither title nor picture has
            none here, since that is decided once its pictures are known.
        bad: Columns at fault.
        paths: Pictures that the row names.
    """

    raw: dict[str, Any]
    product: Product | None
    reasons: tuple[str, ...]
    bad: frozenset[str]
    paths: tuple[str, ...]

    @property
    def product_id(self) -> str | None:
        """The id, if the row has a usable one."""
        if self.product is not None:
            return self.product.product_id
        usable = self.raw and "product_id" not in self.bad
        return str(self.raw.get("product_id")) if usable else None

    @property
    def shown_id(self) -> str | None:
        """The id as people may see it, usable or not: printable and short."""
        value = self.raw.get("product_id")
        if _absent(value):
            return None
        return str(value)[:256].encode("utf-8", "replace").decode()

    def text_of(self, column: str) -> str:
        """A text cell, or empty when it is absent or at fault."""
        value = self.raw.get(column)
        return "" if _absent(value) or column in self.bad else str(value).strip()


def check_row(raw: dict[str, Any]) -> CheckedRow:
    """Check everything of a row but its pictures."""
    if DEFECT in raw:
        return CheckedRow({}, None, (str(raw[DEFECT]),), frozenset(), ())
    try:
        product = Product.model_validate(raw)
    except ValidationError as error:
        faults = [(str(e["loc"][0]) if e["loc"] else "", e["type"]) for e in error.errors()]
        reasons = {_reason(column, kind) for column, kind in faults} - {"nothing_left"}
        if _absent(raw.get("product_id")):
            reasons = reasons - {"invalid_id"} | {"missing_id"}
        bad = frozenset(column for column, _ in faults)
        return CheckedRow(raw, None, tuple(sorted(reasons)), bad, _paths(raw))
    return CheckedRow(raw, product, (), frozenset(), product.image_paths)


def _absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value)


def _reason(column: str, kind: str) -> str:
    if not column:
        return "nothing_left"
    if kind in ("encoding", "string_unicode"):
        return "encoding"
    if column == "product_id" and kind in ("missing", "string_too_short"):
        return "missing_id"
    if column == "price" and kind == "greater_than_equal":
        return "negative_price"
    return _BY_COLUMN.get(column, "invalid_text")


def _paths(raw: dict[str, Any]) -> tuple[str, ...]:
    try:
        paths: Iterable[Any] = parse_image_paths(raw.get("image_paths"))[:MAX_PICTURES]
    except ValueError:
        return ()
    return tuple(p for p in paths if isinstance(p, str) and not is_broken(p))
