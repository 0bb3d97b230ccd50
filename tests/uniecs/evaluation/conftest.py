"""A small catalog with pictures, and an encoder that really reads words and colours."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from uniecs.catalog.images import decode_image
from uniecs.catalog.items import Item
from uniecs.catalog.reading import Catalog
from uniecs.errors import ImageError

COLOURS = {"red": (200, 30, 30), "green": (30, 160, 60), "blue": (30, 60, 200), "grey": (128,) * 3}
THINGS = ("mug", "lamp", "chair", "shelf")


def write_catalog(folder: Path, rows: list[dict]) -> Catalog:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_parquet(folder / "catalog.parquet")
    return Catalog(folder)


@pytest.fixture(scope="session")
def little_catalog(tmp_path_factory) -> Catalog:
    """16 products, all in test: every thing in every colour."""
    folder = tmp_path_factory.mktemp("little")
    rng = np.random.default_rng(0)
    rows = []
    for number, (thing, colour) in enumerate((t, c) for t in THINGS for c in COLOURS):
        pixels = np.clip(rng.normal(COLOURS[colour], 12, (40, 40, 3)), 0, 255).astype(np.uint8)
        top = 10 * THINGS.index(thing)
        pixels[top : top + 10] = 255
        Image.fromarray(pixels).save(folder / f"{number}.png")
        rows.append(
            {
                "product_id": f"p{number:02}",
                "group_id": thing,
                "title": f"{colour} {thing}",
                "description": f"A {thing} that is {colour}, item {number}.",
                "attributes": f'{{"color": "{colour}"}}',
                "brand": "Acme",
                "image_paths": [f"{number}.png"],
                "split": "test",
            }
        )
    return write_catalog(folder, rows)


@dataclass(frozen=True)
class Answer:
    vectors: np.ndarray
    gates: np.ndarray
    errors: list[object | None]


@dataclass
class WordsAndColours:
    """Hashes words; reduces a picture to 8 x 8 pixels. Learned nothing, but is no stand-in."""

    model_version: str = "m-words"
    dim: int = 256
    encoded: list[Item] = field(default_factory=list)

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> Answer:  # noqa: ARG002
        self.encoded += items
        parts = [self._one(item) for item in items]
        return Answer(
            np.stack([vector for vector, _, _ in parts]),
            np.array([gate for _, gate, _ in parts], np.float32),
            [error for _, _, error in parts],
        )

    def _one(self, item: Item):
        vector = np.zeros(self.dim, np.float32)
        try:
            if item.image is not None:
                image = (
                    item.image if isinstance(item.image, Image.Image) else decode_image(item.image)
                )
                pixels = np.asarray(image.resize((8, 8)), np.float32).ravel() - 128
                vector[:192] = pixels / np.linalg.norm(pixels)
        except ImageError as error:
            return np.zeros(self.dim, np.float32), (0.0, 0.0), error
        for word in item.text.lower().replace(",", "").replace(".", "").split():
            vector[192 + sum(word.encode()) % 64] += 1
        gate = (0.5, 0.5) if item.image is not None and item.text else (float(not item.text),) * 2
        return vector / np.linalg.norm(vector), gate, None


@pytest.fixture
def words_and_colours() -> WordsAndColours:
    return WordsAndColours()
