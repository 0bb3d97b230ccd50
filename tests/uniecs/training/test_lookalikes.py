"""Listings that are easily mistaken are found, and never those that are the same thing."""

import tracemalloc

import numpy as np
import torch

from tests.uniecs.training.conftest import Parts
from uniecs.catalog.schema import Product
from uniecs.training.lookalikes import lookalike_texts, mine_neighbours


def product(number: int, title: str = "", **facts: object) -> Product:
    picture = [] if facts.pop("picture", True) is False else [f"{number}.jpg"]
    return Product.model_validate(
        {"product_id": str(number), "title": title, "image_paths": picture, **facts}
    )


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
    model = parts.build().float().train()
    rows = list(range(0, 120, 2))
    batcher = parts.batcher()

    mined = mine_neighbours(model, parts.processor, batcher, rows, parts.relations)

    assert model.training
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


def test_a_catalog_without_categories_takes_no_memory_of_its_square() -> None:
    words = ("red", "blue", "shirt", "shoe", "slim", "wide", "wool")
    products = [
        product(
            n,
            f"{words[n % 7]} {words[n // 7 % 7]} {n}",
            attributes=f'{{"n": {n}}}',
        )
        for n in range(5_000)
    ]

    tracemalloc.start()
    found = lookalike_texts(products, range(5_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(found) == 5_000
    assert all(set(words) & set(products[a].title.split()) for a in found)
    assert peak < 5_000**2 * 8
