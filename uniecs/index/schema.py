"""What a generation stores of a product: the columns, their limits, and the row of a product.

The same :class:`Row` is written to Milvus, read by the Python twin of filters, and hashed, so the
three cannot disagree about what was stored.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

from uniecs.catalog.presence import Presence
from uniecs.catalog.schema import Product
from uniecs.index.look import LOOK

MAX_BYTES: dict[str, int] = {
    "product_id": 512,
    "tenant": 128,
    "category": 1024,
    "brand": 512,
    "title": 2048,
    "terms": 60_000,
}
"""Limits of text columns in bytes of UTF-8, as Milvus counts them."""

MAX_ATTRIBUTES_BYTES = 60_000
"""Limit of the attributes document, under the 65,536 bytes that Milvus allows."""

COLUMNS: dict[str, str] = {
    "product_id": "VARCHAR",
    "vector": "FLOAT_VECTOR",
    "picture": "FLOAT_VECTOR",
    "look": "FLOAT_VECTOR",
    "tenant": "VARCHAR",
    "presence": "INT8",
    "category": "VARCHAR",
    "brand": "VARCHAR",
    "price": "DOUBLE",
    "has_price": "BOOL",
    "attributes": "JSON",
    "title": "VARCHAR",
    "terms": "VARCHAR",
}
"""Every column with its Milvus type; none is nullable, because Milvus 2.3 has no nulls.

``vector`` is the view that a generation was built of (IT by default); ``picture`` is the view I and
``look`` the picture's colours and edges, for queries by picture. A server that allows one vector a
row does without these two.
"""

METRIC = "COSINE"


@dataclass(frozen=True, slots=True)
class Row:
    """What is stored of one product, beside its vector.

    Attributes:
        attributes: ``{"s": {name: [words]}, "n": {name: number}}``: every value as strings, and
            those that are one number also as a number, so that both kinds of filter work on any
            catalog.
        terms: Analysed words for BM25, joined by spaces.
    """

    product_id: str
    tenant: str
    presence: int
    category: str
    brand: str
    price: float
    has_price: bool
    attributes: dict[str, dict[str, Any]]
    title: str
    terms: str


def row_of(product: Product, *, tenant: str, presence: Presence, terms: str) -> Row:
    """The stored form of a product; texts over a column's limit are cut at a whole character."""
    return Row(
        product_id=cut(product.product_id, MAX_BYTES["product_id"]),
        tenant=tenant,
        presence=int(presence),
        category=cut(product.category.strip(), MAX_BYTES["category"]),
        brand=cut((product.brand or "").strip(), MAX_BYTES["brand"]),
        price=float(product.price) if product.price is not None else 0.0,
        has_price=product.price is not None,
        attributes=fold_attributes(product.attributes),
        title=cut(product.title.strip(), MAX_BYTES["title"]),
        terms=cut(terms, MAX_BYTES["terms"]),
    )


def cut(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` bytes of UTF-8, no character split, always encodable.

    Example:
        >>> cut("naïve", 3)
        'na'
    """
    encoded = text.encode("utf-8", errors="replace")
    return encoded[:limit].decode("utf-8", errors="ignore")


def fold_attributes(attributes: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Attributes as words and numbers; entries past the size limit are dropped, last ones first.

    Example:
        >>> fold_attributes({"color": "Red", "year": "2011", "sizes": ["S", "M"]})
        {'s': {'color': ['Red'], 'year': ['2011'], 'sizes': ['S', 'M']}, 'n': {'year': 2011.0}}
    """
    folded: dict[str, dict[str, Any]] = {"s": {}, "n": {}}
    size = 0
    for name, value in attributes.items():
        words = [cut(_word(v), 1024) for v in (value if isinstance(value, list) else [value])]
        words = [word for word in words if word]
        size += len(json.dumps([name, words])) * 2
        if not words or size > MAX_ATTRIBUTES_BYTES:
            continue
        folded["s"][name] = words
        number = _number(value)
        if number is not None:
            folded["n"][name] = number
    return folded


def _word(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return str(value).strip()


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def columns_for(*, pictures: bool) -> dict[str, str]:
    """The columns on a server that can or cannot hold vectors of the picture beside ``vector``."""
    return {
        name: kind for name, kind in COLUMNS.items() if pictures or name not in ("picture", "look")
    }


def schema_hash(dim: int, columns: dict[str, str]) -> str:
    """12 hex digits over names, types, the dimension and the kind of look.

    Equal for interchangeable generations.
    """
    facts: dict[str, Any] = {"columns": columns, "dim": dim, "metric": METRIC}
    if "look" in columns:
        facts["look"] = LOOK
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
