"""A catalog as a table of facts that may drift, read without stopping at bad rows."""

from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image
from pydantic import ValidationError

from uniecs.catalog.images import FORMATS, resolve_image
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import read_rows
from uniecs.catalog.schema import Product
from uniecs.errors import ImageError

if TYPE_CHECKING:
    import pandas as pd

NONE = "(none)"
"""Category of a missing value: a fact like any other."""


@dataclass(frozen=True)
class CatalogTable:
    """Rows of one catalog.

    Attributes:
        folder: The catalog folder.
        products: Sampled valid rows.
        facts: One row per product: the columns that are compared, and ``group``.
        rows: Rows of the catalog file, before sampling.
        invalid: Those that break the schema.
    """

    folder: Path
    products: list[Product]
    facts: "pd.DataFrame"
    rows: int
    invalid: int


def read_catalog_table(folder: Path, *, max_rows: int, seed: int) -> CatalogTable:
    """Read a catalog as it is, accepted or raw; rows that break the schema are counted.

    Raises:
        CatalogError: When the folder or its file cannot be read.
    """
    import numpy as np
    import pandas as pd

    products, rows = [], 0
    for _, row in read_rows(folder):
        rows += 1
        try:
            products.append(Product.model_validate(row))
        except ValidationError:
            continue
    valid = len(products)
    if valid > max_rows:
        chosen = np.random.default_rng(seed).choice(valid, max_rows, replace=False)
        products = [products[n] for n in np.sort(chosen)]
    facts = pd.DataFrame([_facts(folder, product) for product in products])
    return CatalogTable(folder, products, facts, rows, rows - valid)


def _facts(folder: Path, product: Product) -> dict[str, Any]:
    size = _image_size(folder, product)
    currency = product.currency or NONE
    priced = product.price is not None and product.price > 0
    return {
        "group": product.group,
        "presence": Presence.of(text=product.full_text, image=size).label or NONE,
        "department": product.category.split(">")[0].strip() or NONE,
        "category": product.category or NONE,
        "brand": product.brand or NONE,
        "lang": product.lang or NONE,
        "currency": currency if product.price is not None else "(no price)",
        f"price_{currency}": log10(product.price or 1) if priced else None,
        "text_length": log10(1 + len(product.full_text)),
        "attributes": float(len(product.attributes)),
        "image_pixels": log10(size[0] * size[1]) if size else None,
    }


def _image_size(folder: Path, product: Product) -> tuple[int, int] | None:
    """Width and height from the header; None for a picture that is absent or no picture."""
    if product.image is None:
        return None
    try:
        with Image.open(resolve_image(folder, product.image), formats=FORMATS) as image:
            return image.size
    except (ImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
