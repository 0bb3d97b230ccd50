import pytest

from uniecs.inference.items import Item
from uniecs.inference.limits import RequestLimits

LIMITS = RequestLimits(max_text_chars=5, max_image_bytes=4)


def test_a_text_of_exactly_the_limit_is_allowed() -> None:
    assert LIMITS.refusal(Item("1", text="12345")) is None


def test_a_text_of_one_character_more_is_refused_with_the_limit_named() -> None:
    error = LIMITS.refusal(Item("1", text="123456"))

    assert error is not None
    assert error.code == "text_too_long"
    assert "max_text_chars = 5" in error.message


@pytest.mark.parametrize(("size", "allowed"), [(4, True), (5, False)])
def test_a_picture_is_bounded_by_its_encoded_bytes(size: int, allowed: bool) -> None:
    error = LIMITS.refusal(Item("1", image=b"x" * size))

    assert (error is None) == allowed


@pytest.mark.parametrize("item", [Item("1"), Item("1", text="  \n")])
def test_an_item_with_neither_text_nor_image_is_refused(item: Item) -> None:
    error = LIMITS.refusal(item)

    assert error is not None
    assert error.code == "empty"


def test_limits_cannot_be_changed_or_misspelt() -> None:
    with pytest.raises(ValueError, match="max_item"):
        RequestLimits(max_item=3)
    with pytest.raises(ValueError, match="frozen"):
        LIMITS.max_items = 3
