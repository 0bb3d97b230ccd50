"""A catalog of plain rows, for features."""

import json
from pathlib import Path

import pytest

from uniecs.catalog.reading import Catalog


@pytest.fixture
def shelf(tmp_path: Path) -> Catalog:
    """500 products; every third has no price, every fifth no picture file."""
    folder = tmp_path / "shelf"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "one.png").write_bytes(b"not decoded here")
    rows = [
        {
            "product_id": f"p{n:03d}", "title": f"Mug {n}", "category": "Home > Mugs",
            "brand": "Acme" if n % 2 else None, "price": None if n % 3 == 0 else n * 1.25,
            "currency": "EUR", "image_paths": ["images/none.png" if n % 5 else "images/one.png"],
        }
        for n in range(500)
    ]  # fmt: skip
    (folder / "catalog.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return Catalog(folder)
