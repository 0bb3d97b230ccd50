"""What the evaluated split shares with the train split is counted."""

from pathlib import Path

import pandas as pd
from PIL import Image

from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import catalog_relations
from uniecs.evaluation.leakage import Leakage, leakage


def shop(folder: Path) -> Catalog:
    for name, shade in (("a.png", 10), ("again.png", 10), ("b.png", 90)):
        Image.new("RGB", (8, 8), (shade, 0, 0)).save(folder / name)
    rows = [
        {"product_id": "1", "title": "Red mug", "image_paths": ["a.png"], "split": "train"},
        {"product_id": "2", "title": "", "image_paths": ["b.png"], "split": "val"},
        {"product_id": "3", "title": "red  MUG!", "image_paths": ["b.png"], "split": "test"},
        {"product_id": "4", "title": "blue mug", "image_paths": ["again.png"], "split": "test"},
        {"product_id": "5", "title": "", "image_paths": ["b.png"], "split": "test"},
    ]
    pd.DataFrame(rows).to_parquet(folder / "catalog.parquet")
    return Catalog(folder)


def test_titles_and_pictures_of_train_listings_are_counted_once_per_listing(
    tmp_path: Path,
) -> None:
    catalog = shop(tmp_path)
    relations = catalog_relations(catalog, PictureDigests(tmp_path))

    assert leakage(catalog, relations, "test") == Leakage(listings=3, titles=1, pictures=1)
    assert leakage(catalog, relations, "val") == Leakage(listings=1, titles=0, pictures=0)
    assert leakage(catalog, relations, "train") is None
