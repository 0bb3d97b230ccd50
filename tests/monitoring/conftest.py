"""Two catalogs of one distribution on disk, with pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def write_catalog(folder: Path, seed: int, *, products: int = 130, price: float = 1.0) -> Path:
    """A catalog of plain products; those of one seed are the same but for the price."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(products):
        colour = tuple(int(value) for value in rng.integers(0, 255, 3))
        name = f"images/{number}.png"
        Image.new("RGB", (24, 24), colour).save(folder / name)
        kind = int(rng.integers(0, 4))
        rows.append(
            {
                "product_id": f"{seed}-{number}", "title": f"thing of kind {kind}",
                "category": f"Things > Kind {kind}", "brand": f"Brand {rng.integers(0, 3)}",
                "price": float(np.exp(rng.normal(3, 0.5))) * price, "currency": "USD",
                "image_paths": [name],
            }
        )  # fmt: skip
    (folder / "catalog.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return folder


@pytest.fixture(scope="session")
def may(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference."""
    return write_catalog(tmp_path_factory.mktemp("shop") / "may", 1)


@pytest.fixture(scope="session")
def june(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Other products of the same distribution."""
    return write_catalog(tmp_path_factory.mktemp("shop") / "june", 2)


@pytest.fixture(scope="session")
def dear_june(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The products of June at twice the price."""
    return write_catalog(tmp_path_factory.mktemp("shop") / "dear", 2, price=2.0)
