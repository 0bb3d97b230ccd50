"""The look of a picture: the same from another side, in another size; other for other colours."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

from uniecs.errors import ImageError
from uniecs.index.look import LOOK_DIM, look_of, looks_of


def mug(colour: str, handle: int = 150, size: tuple[int, int] = (180, 240)) -> Image.Image:
    """A mug on white; its handle on one side."""
    picture = Image.new("RGB", (180, 240), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((50, 80, 130, 200), fill=colour)
    draw.arc((handle - 25, 110, handle + 15, 160), 0, 360, fill=colour, width=8)
    return picture.resize(size)


def jpeg(picture: Image.Image, quality: int = 60) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def cosine(one: Image.Image | bytes, other: Image.Image | bytes) -> float:
    return float(look_of(one) @ look_of(other))


@pytest.mark.parametrize("picture", [mug("teal"), Image.new("RGB", (9, 7)), Image.new("L", (1, 1))])
def test_a_look_is_a_unit_vector_without_negative_parts(picture: Image.Image) -> None:
    look = look_of(picture)

    assert (look.shape, look.dtype) == ((LOOK_DIM,), np.float32)
    assert np.linalg.norm(look) == pytest.approx(1.0, abs=1e-6)
    assert look.min() >= 0


def test_a_mirrored_picture_looks_the_same() -> None:
    assert cosine(mug("teal"), ImageOps.mirror(mug("teal"))) == pytest.approx(1.0, abs=1e-3)


def test_size_compression_and_a_little_light_change_a_look_little() -> None:
    picture = mug("teal")

    assert cosine(picture, mug("teal", size=(360, 480))) > 0.99
    assert cosine(picture, jpeg(picture)) > 0.97
    assert cosine(picture, ImageEnhance.Brightness(picture).enhance(0.95)) > 0.95


def test_the_same_thing_from_another_side_is_nearer_than_another_colour() -> None:
    seen = mug("teal")

    assert cosine(seen, mug("teal", handle=40)) > cosine(seen, mug("orange")) + 0.05


def test_colours_near_grey_are_told_apart() -> None:
    assert cosine(mug("#6b6b60"), mug("#5f6470")) < 0.97


def test_what_is_no_picture_has_no_look(tmp_path: Path) -> None:
    broken, good = tmp_path / "broken.jpg", tmp_path / "good.jpg"
    broken.write_bytes(b"not a picture")
    good.write_bytes(jpeg(mug("teal")))

    looks = looks_of([None, broken, good, tmp_path / "missing.jpg"])

    assert looks.any(axis=1).tolist() == [False, False, True, False]
    assert np.array_equal(looks[2], look_of(good))
    assert looks_of([]).shape == (0, LOOK_DIM)
    with pytest.raises(ImageError, match="not a JPEG"):
        look_of(broken)
