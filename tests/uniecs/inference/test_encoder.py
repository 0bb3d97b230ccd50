"""Lists of any mixture: order kept, one bad item among good ones, towers run only where needed."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from uniecs.inference.encoder import Encoder
from uniecs.inference.items import Item


@pytest.fixture(scope="module")
def encoder(tiny_model: Path) -> Encoder:
    return Encoder.load(tiny_model)


def picture(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


ITEMS = [
    Item("t", text="red mug"),
    Item("i", image=picture("red")),
    Item("b", text="blue lamp", image=picture("blue")),
    Item("empty"),
    Item("t2", text="a green chair " * 5),
    Item("broken", text="mug", image=b"not a picture"),
    Item("b2", text="red", image=picture("green")),
    Item("half", text="mug \ud800", image=picture("green")),
]


@given(order=st.permutations(range(len(ITEMS))), batch=st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_any_permutation_and_batch_size_gives_the_same_rows(
    encoder: Encoder, order: list[int], batch: int
) -> None:
    straight = encoder.encode(ITEMS)
    shuffled = encoder.encode([ITEMS[row] for row in order], batch_size=batch)

    assert shuffled.ids == [ITEMS[row].id for row in order]
    assert np.allclose(shuffled.vectors, straight.vectors[order], atol=1e-5)
    assert np.allclose(shuffled.gates, straight.gates[order], atol=1e-5)


def test_a_bad_item_has_an_error_and_the_others_their_vectors(encoder: Encoder) -> None:
    encoded = encoder.encode(ITEMS)

    codes = [error.code if error else None for error in encoded.errors]
    assert codes == [None, None, None, "empty", None, "format", None, "text"]
    assert "not valid Unicode: character 5 is '\\ud800'" in encoded.errors[-1].message
    good = [row for row, code in enumerate(codes) if code is None]
    bad = [row for row, code in enumerate(codes) if code is not None]
    assert np.allclose(np.linalg.norm(encoded.vectors[good], axis=1), 1, atol=1e-5)
    assert not encoded.vectors[bad].any()
    assert np.allclose(encoded.gates[good].sum(axis=1), 1, atol=1e-6)
    assert encoded.gates[0].tolist() == [0.0, 1.0]
    assert encoded.gates[1].tolist() == [1.0, 0.0]


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=()), max_size=8), max_size=6),
    batch=st.integers(1, 3),
)
@settings(max_examples=25, deadline=None)
def test_any_text_has_its_vector_or_its_error_and_never_harms_another(
    encoder: Encoder, texts: list[str], batch: int
) -> None:
    items = [Item("mug", text="mug"), *(Item(str(n), text=text) for n, text in enumerate(texts))]

    encoded = encoder.encode(items, batch_size=batch)

    assert np.allclose(encoded.vectors[0], encoder.encode(items[:1]).vectors[0], atol=1e-5)
    for item, vector, error in zip(items, encoded.vectors, encoded.errors, strict=True):
        half = any("\ud800" <= character <= "\udfff" for character in item.text)
        code = "empty" if not item.text.strip() else "text" if half else None
        assert (error.code if error else None) == code
        assert np.linalg.norm(vector) == pytest.approx(0 if code else 1, abs=1e-5)


def test_an_empty_list_is_an_empty_answer(encoder: Encoder) -> None:
    encoded = encoder.encode([])

    assert encoded.vectors.shape == (0, encoder.dim)
    assert encoded.ids == []


def test_the_image_tower_rests_for_text_alone(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise AssertionError("the image tower ran")

    monkeypatch.setattr(encoder.model.vision, "forward", refuse)

    encoded = encoder.encode([Item("a", text="mug"), Item("b", text="a red lamp")])

    assert encoded.errors == [None, None]


def test_progress_counts_every_item_once(encoder: Encoder) -> None:
    done: list[int] = []

    encoder.encode(ITEMS, batch_size=2, progress=done.append)

    assert sum(done) == len(ITEMS)


def test_a_path_bytes_and_a_decoded_picture_are_one_picture(
    encoder: Encoder, tmp_path: Path
) -> None:
    data = picture("red")
    (tmp_path / "red.png").write_bytes(data)
    decoded = Image.open(io.BytesIO(data)).convert("RGB")

    vectors = encoder.encode(
        [Item("1", image=data), Item("2", image=tmp_path / "red.png"), Item("3", image=decoded)]
    ).vectors

    assert np.allclose(vectors[0], vectors[1], atol=1e-6)
    assert np.allclose(vectors[0], vectors[2], atol=1e-6)


def test_short_texts_are_read_apart_from_long_ones(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = encoder.model.text_tokens
    shapes: list[tuple[int, ...]] = []

    def counted(ids: Tensor, mask: Tensor) -> Tensor:
        shapes.append(tuple(ids.shape))
        return read(ids, mask)

    monkeypatch.setattr(encoder.model, "text_tokens", counted)
    items = [Item("a", text="mug"), Item("b", text="red mug " * 5), Item("c", text="lamp")]

    together = encoder.encode(items).vectors

    assert len(shapes) == 2
    assert sorted(rows for rows, _ in shapes) == [1, 2]
    alone = np.concatenate([encoder.encode([item]).vectors for item in items])
    assert (together * alone).sum(axis=1).min() > 0.9995  # in bfloat16, where it is computed in
