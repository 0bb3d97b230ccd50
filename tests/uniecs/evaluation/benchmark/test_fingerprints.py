"""Pictures that are one picture in two files, and pictures that are not."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.uniecs.evaluation.benchmark.conftest import draw_picture
from uniecs.evaluation.benchmark.fingerprints import Picture, is_near, near_pictures, read_picture


def stored(folder: Path, image: Image.Image, name: str = "picture.png") -> Picture:
    image.save(folder / name)
    return read_picture(folder, name)


@pytest.mark.parametrize(("scale", "quality"), [(1.0, 40), (0.6, 80), (1.7, 60)])
def test_another_size_or_encoding_is_near(tmp_path, encoded, scale, quality):
    for seed in range(10):
        image = draw_picture(seed, (200, 260))
        one, other = stored(tmp_path, image), stored(tmp_path, encoded(image, scale, quality))

        assert one.digest != other.digest
        assert is_near(one, other)


def test_another_picture_is_not_near(tmp_path):
    pictures = [stored(tmp_path, draw_picture(seed)) for seed in range(30)]

    assert list(near_pictures(pictures, pictures)) == [(row, row) for row in range(30)]


def test_the_same_shape_in_another_colour_is_not_near(tmp_path):
    shirt = np.full((120, 96, 3), 255, np.uint8)
    shirt[20:100, 20:76] = (200, 40, 40)
    blue = shirt[:, :, ::-1].copy()

    assert not is_near(
        stored(tmp_path, Image.fromarray(shirt)), stored(tmp_path, Image.fromarray(blue))
    )


def test_many_pictures_are_compared_as_two_are(tmp_path, encoded):
    asked = [stored(tmp_path, draw_picture(seed)) for seed in range(6)]
    known = [stored(tmp_path, encoded(draw_picture(seed), 0.7, 50)) for seed in (9, 4, 2, 4)]

    found = list(near_pictures(asked, known))

    assert found == [(2, 2), (4, 1), (4, 3)]
    assert list(near_pictures([], known)) == list(near_pictures(asked, [])) == []
