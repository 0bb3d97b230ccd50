"""Tables of made-up products, one distribution, for checks of false and missed alarms."""

from pathlib import Path

import numpy as np
import pandas as pd

from monitoring.catalog_table import CatalogTable
from uniecs.catalog.schema import Product


def shelf(seed: int, products: int = 400, **changes: object) -> CatalogTable:
    """A catalog of one distribution: variants in groups, skewed prices, rare categories.

    Args:
        seed: Of the draw.
        products: Rows.
        changes: ``price`` multiplies prices; ``pictures`` is the share that keeps its picture;
            ``mix`` moves that share of products to the first category.
    """
    rng = np.random.default_rng(seed)
    group = np.sort(rng.integers(0, products // 2, products))
    style = np.random.default_rng(seed + 10_000)
    category = style.zipf(1.6, products // 2).clip(1, 30)[group]
    category = np.where(rng.random(products) < float(changes.get("mix", 0)), 1, category)
    price = np.exp(style.normal(3, 0.9, products // 2))[group] * float(changes.get("price", 1))
    pictured = rng.random(products) < float(changes.get("pictures", 1))
    facts = pd.DataFrame(
        {
            "group": [f"{seed}-{number}" for number in group],
            "presence": np.where(pictured, "IT", "T"),
            "department": [f"Department {number % 4}" for number in category],
            "category": [f"Department {number % 4} > Kind {number}" for number in category],
            "brand": [f"Brand {number % 17}" for number in group],
            "lang": "en",
            "currency": "USD",
            "price_USD": np.log10(price),
            "text_length": np.log10(1 + rng.poisson(200, products)),
            "attributes": rng.poisson(6, products).astype(float),
            "image_pixels": np.where(pictured, 4.7, np.nan),
        }
    )
    rows = [
        Product(product_id=f"{seed}-{n}", title="thing", group_id=name)
        for n, name in enumerate(facts["group"])
    ]
    return CatalogTable(Path("unused"), rows, facts, products, 0)
