"""Products that are much alike are found, and told from those that are only similar."""

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.uniecs.training.conftest import Parts
from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.schema import Product
from uniecs.training.lookalikes import lookalike_texts, mine_neighbours, near_duplicates
from uniecs.training.pixels import PixelStore


def product(number: int, title: str = "", **facts: object) -> Product:
    picture = [] if facts.pop("picture", True) is False else [f"{number}.jpg"]
    return Product.model_validate(
        {"product_id": str(number), "title": title, "image_paths": picture, **facts}
    )


@pytest.fixture
def pictures(tmp_path: Path, parts: Parts) -> PixelStore:
    """0 and 1: one picture encoded twice. 2: the same scene in another colour. 3: another."""
    generator = np.random.default_rng(0)
    scene = np.kron(generator.integers(0, 255, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    other = np.kron(generator.integers(0, 255, (8, 8, 3)), np.ones((16, 16, 1))).astype(np.uint8)
    for number, (array, quality) in enumerate(
        [(scene, 95), (scene, 70), (scene[:, :, ::-1], 95), (other, 95)]
    ):
        buffer = io.BytesIO()
        Image.fromarray(array).save(buffer, "JPEG", quality=quality)
        (tmp_path / f"{number}.jpg").write_bytes(buffer.getvalue())
    digests = PictureDigests(tmp_path)
    paths = {f"{n}.jpg": digests.of(f"{n}.jpg") for n in range(4)}
    return PixelStore(tmp_path / "store", tmp_path, paths, parts.processor)


def test_a_picture_encoded_twice_is_near_and_a_recoloured_one_is_not(pictures: PixelStore) -> None:
    clusters = near_duplicates([product(n, f"title {n}") for n in range(4)], pictures)

    assert clusters == {0: 0, 1: 0}


def test_titles_of_the_same_words_are_near(pictures: PixelStore) -> None:
    products = [
        product(2, "Red, shoe for men"),
        product(3, "red men shoe for"),
        product(9, "red shoe for women", picture=False),
    ]

    assert near_duplicates(products, pictures) == {0: 0, 1: 0}


def test_the_text_that_is_most_alike_stands_in_the_same_category() -> None:
    products = [
        product(0, "red cotton shirt", category="A > Shirts", attributes='{"fit": "slim"}'),
        product(1, "red cotton shirt long", category="A > Shirts", attributes='{"fit": "loose"}'),
        product(2, "blue wool shirt", category="A > Shirts", attributes='{"fit": "wide"}'),
        product(3, "red cotton shirt", category="A > Dresses", attributes='{"fit": "any"}'),
    ]

    found = lookalike_texts(products, range(4))

    assert found[0] == 1
    assert found[1] == 0
    assert 3 not in found


def test_no_text_of_the_same_group_title_or_facts_is_a_lookalike() -> None:
    products = [
        product(0, "red shirt", category="Shirts", group_id="g", attributes='{"fit": "slim"}'),
        product(1, "red shirt big", category="Shirts", group_id="g", attributes='{"fit": "x"}'),
        product(2, "Red Shirt!", category="Shirts", attributes='{"fit": "y"}'),
        product(3, "red shirt now", category="Shirts", attributes='{"fit": "slim"}'),
    ]

    assert 0 not in lookalike_texts(products, range(4))


def test_mined_neighbours_are_the_closest_wrong_listings(parts: Parts) -> None:
    model = parts.build().float()
    rows = list(range(0, 120, 2))
    batcher = parts.batcher()

    mined = mine_neighbours(model, parts.processor, batcher, rows, parts.relations)

    model.eval()
    with torch.inference_mode():
        from uniecs.training.views import entry_views

        views = entry_views(model, parts.processor, batcher.listings(rows))
        vectors = torch.zeros(len(rows), 16)
        for view in views.values():
            vectors[view.places] = view.vectors
    for place, others in enumerate(mined):
        best = (vectors @ vectors[place]).argsort(descending=True).tolist()
        wrong = [
            other
            for other in best
            if not parts.relations.positive_rows(
                np.array([rows[place]]), np.array([rows[other]]), text_alone=True
            ).any()
            and parts.relations.group[rows[place]] != parts.relations.group[rows[other]]
        ]
        assert [o for o in others.tolist() if o >= 0] == wrong[: len(others)]
    assert model.training is False
