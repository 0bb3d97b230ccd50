"""The views of a product share the passes of the towers, and are what each is by itself."""

import io
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from uniecs.catalog.reading import Catalog
from uniecs.index.embeddings import embed_catalog
from uniecs.inference.encoder import Encoder
from uniecs.inference.items import Item
from uniecs.inference.sharing import picture_key, shared_batches


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> Encoder:
    return Encoder.load(tiny_model)


@pytest.fixture
def tower_rows(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Rows that each tower has looked at since."""
    seen: Counter[str] = Counter()
    for name in ("image_tokens", "text_tokens"):
        tower = getattr(encoder.model, name)

        def counted(first: Tensor, *rest: Tensor, tower=tower, name=name) -> Tensor:
            seen[name] += len(first)
            return tower(first, *rest)

        monkeypatch.setattr(encoder.model, name, counted)
    return seen


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


COLOURS = ("red", "green", "blue")
TEXTS = ("", "red mug", "a green chair " * 4, "lamp")
PICTURES = (None, *map(picture, COLOURS), Image.new("RGB", (8, 8), "white"), b"not a picture")
contents = st.tuples(st.sampled_from(TEXTS), st.sampled_from(PICTURES))


def views_of_products(count: int = 3) -> list[Item]:
    """I, T and IT of each product, all I first."""
    sources = [picture(colour) for colour in COLOURS[:count]]
    texts = TEXTS[1 : count + 1]
    return [
        *(Item("I", image=source) for source in sources),
        *(Item("T", text=text) for text in texts),
        *(Item("IT", text, source) for text, source in zip(texts, sources, strict=True)),
    ]


@given(listed=st.lists(contents, max_size=12), size=st.integers(1, 4))
@settings(max_examples=25, deadline=None)
def test_every_item_is_what_it_is_alone(
    encoder: Encoder, listed: list[tuple[str, bytes | None]], size: int
) -> None:
    items = [Item(str(row), text, image) for row, (text, image) in enumerate(listed)]

    together = encoder.encode(items, batch_size=size)

    for row, item in enumerate(items):
        alone = encoder.encode([item])
        assert np.allclose(together.vectors[row], alone.vectors[0], atol=1e-5)
        assert np.allclose(together.gates[row], alone.gates[0], atol=1e-5)
        assert together.errors[row] == alone.errors[0]


def test_each_tower_sees_the_content_of_three_views_once(
    encoder: Encoder, tower_rows: Counter[str]
) -> None:
    encoder.encode(views_of_products())

    assert tower_rows == {"image_tokens": 3, "text_tokens": 3}


def test_a_batch_of_one_still_holds_the_views_of_one_product(
    encoder: Encoder, tower_rows: Counter[str]
) -> None:
    encoder.encode(views_of_products(), batch_size=1)

    assert tower_rows == {"image_tokens": 3, "text_tokens": 3}


def test_a_catalog_is_embedded_with_one_look_at_each_picture(
    encoder: Encoder, tower_rows: Counter[str], accepted_catalog: Path, tmp_path: Path
) -> None:
    catalog = Catalog(accepted_catalog)

    embed_catalog(encoder, catalog, tmp_path / "vectors")

    with_text = [product for product in catalog.products if product.full_text]
    with_picture = [product for product in catalog.products if product.image]
    assert tower_rows == {"image_tokens": len(with_picture), "text_tokens": len(with_text)}


@given(listed=st.lists(contents, max_size=30), size=st.integers(1, 5))
@settings(deadline=None)
def test_batches_hold_every_row_once_and_few_enough_contents(
    listed: list[tuple[str, bytes | None]], size: int
) -> None:
    items = [Item("", text, image) for text, image in listed]

    batches = list(shared_batches(items, size))

    assert sorted(row for rows in batches for row in rows) == [
        row for row, item in enumerate(items) if item.presence
    ]
    for rows in batches:
        assert 0 < len(rows) <= 3 * size
        assert len({picture_key(items[row]) for row in rows} - {None}) <= size
        assert len({items[row].text for row in rows} - {""}) <= size


def test_texts_of_no_picture_never_wait_for_pictures() -> None:
    items = [Item("", f"text {n}") for n in range(5)] + views_of_products()

    batches = list(shared_batches(items, 8))

    assert sorted(map(sorted, batches)) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9, 10, 11, 12, 13]]
