import numpy as np

from uniecs.catalog.items import Item
from uniecs.evaluation.remembering import RememberingEncoder


def test_the_same_content_is_encoded_once_whoever_asks(little_catalog, words_and_colours):
    encoder = RememberingEncoder(words_and_colours)
    picture = little_catalog.folder / "0.png"
    items = [Item("a", "red mug"), Item("b", "red mug", picture), Item("c", "", picture)]

    first = encoder.encode(items)
    again = encoder.encode([Item("z", "blue lamp"), *reversed(items)])

    assert [item.id for item in words_and_colours.encoded] == ["a", "b", "c", "z"]
    assert np.array_equal(again.vectors[1:], first.vectors[::-1])
    assert np.array_equal(again.gates[1:], first.gates[::-1])


def test_answers_are_those_of_the_encoder_errors_too(little_catalog, words_and_colours):
    items = [Item("a", "red mug"), Item("b", image=little_catalog.folder / "gone.png")] * 2
    plain = words_and_colours.encode(items)

    kept = RememberingEncoder(words_and_colours).encode(items)

    assert np.array_equal(kept.vectors, plain.vectors)
    assert [error is None for error in kept.errors] == [True, False, True, False]


def test_pixels_have_no_name_and_are_encoded_each_time(words_and_colours):
    from PIL import Image

    encoder = RememberingEncoder(words_and_colours)
    for _ in range(2):
        encoder.encode([Item("a", image=Image.new("RGB", (8, 8), "red"))])

    assert len(words_and_colours.encoded) == 2


def test_nothing_gives_nothing(words_and_colours):
    assert RememberingEncoder(words_and_colours).encode([]).vectors.shape == (0, 256)
