"""Products that cannot be told apart are found, and told from those that are only similar."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.uniecs.training.conftest import Parts
from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.schema import Product
from uniecs.training.near_duplicates import NearDuplicates, near_duplicates
from uniecs.training.pixels import PixelStore


def product(number: int, title: str = "", *, picture: bool = True) -> Product:
    paths = [f"{number}.jpg"] if picture else []
    return Product.model_validate({"product_id": str(number), "title": title, "image_paths": paths})


def found(near: NearDuplicates, count: int) -> list[tuple[int, int]]:
    rows = np.arange(count)
    return [(a, b) for a, b in np.argwhere(near.between(rows, rows)).tolist() if a < b]


def on_white(colour: str) -> Image.Image:
    picture = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(picture).ellipse((36, 40, 60, 56), fill=colour)
    return picture


@pytest.fixture
def pictures(tmp_path: Path, parts: Parts) -> PixelStore:
    """0 and 1: one picture encoded twice. 2: the same scene in another colour. 3: another.

    4 and 5: the same small thing on much white, in two colours.
    """
    generator = np.random.default_rng(0)
    scene = np.kron(generator.integers(0, 255, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    other = np.kron(generator.integers(0, 255, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    shown = [
        (Image.fromarray(scene), 95), (Image.fromarray(scene), 70),
        (Image.fromarray(scene[:, :, ::-1]), 95), (Image.fromarray(other), 95),
        (on_white("navy"), 90), (on_white("maroon"), 90),
    ]  # fmt: skip
    for number, (image, quality) in enumerate(shown):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        (tmp_path / f"{number}.jpg").write_bytes(buffer.getvalue())
    digests = PictureDigests(tmp_path)
    paths = {f"{n}.jpg": digests.of(f"{n}.jpg") for n in range(len(shown))}
    return PixelStore(tmp_path / "store", tmp_path, paths, parts.processor)


def test_a_picture_encoded_twice_is_near_and_another_colour_is_not(pictures: PixelStore) -> None:
    near = near_duplicates([product(n, f"title {n}") for n in range(6)], pictures)

    assert found(near, 6) == [(0, 1)]


def test_titles_of_the_same_words_are_near(pictures: PixelStore) -> None:
    products = [
        product(2, "Red, shoe for men"),
        product(3, "red men shoe for"),
        product(9, "red shoe for women", picture=False),
    ]

    assert found(near_duplicates(products, pictures), 3) == [(0, 1)]


def test_what_is_near_to_something_near_is_not_near() -> None:
    chain = NearDuplicates(4, [(0, 1), (2, 1)])

    assert found(chain, 4) == [(0, 1), (1, 2)]
    assert not chain.between(np.array([0]), np.array([2, 3])).any()


def test_without_any_nothing_is_near() -> None:
    assert NearDuplicates(3).between(np.arange(3), np.arange(3)).tolist() == [[False] * 3] * 3
