"""Price words are understood, and only price words."""

import numpy as np
import pytest

from uniecs.search.constraints import PriceWish, price_wish


@pytest.mark.parametrize(
    ("text", "rest", "least", "most"),
    [
        ("Basics tshirts for men under 900", "Basics tshirts for men", None, 900),
        ("jeans below Rs 1200", "jeans", None, 1200),
        ("jeans below Rs. 1,200.50", "jeans", None, 1200.5),
        ("up to $50 red mug", "red mug", None, 50),
        ("mug less than 20 euros", "mug", None, 20),
        ("watches above 5000", "watches", 5000, None),
        ("lamp between 20 and 50", "lamp", 20, 50),
        ("lamp from €50 to €20", "lamp", 20, 50),
        ("lamp over 20 under 50", "lamp", 20, 50),
        ("under 900", "", None, 900),
    ],
)
def test_a_price_wish_is_read_and_taken_out(
    text: str, rest: str, least: float | None, most: float | None
) -> None:
    assert price_wish(text) == PriceWish(rest, least, most)


@pytest.mark.parametrize(
    "text",
    [
        "under armour shoes",
        "levis 501 jeans",
        "over 90% cotton",
        "over 50 ml",
        "shirt with stand-up collar",
        "from 2010",
        "upto date",
    ],
)
def test_other_words_and_numbers_are_left_alone(text: str) -> None:
    assert price_wish(text) == PriceWish(text)
    assert price_wish(text).filter is None


def test_a_product_without_a_price_keeps_no_price_wish() -> None:
    prices = np.array([19.5, 20.0, 20.5, np.nan])

    assert price_wish("mug under 20").kept_by(prices).tolist() == [True, True, False, False]
    assert price_wish("mug above 20").kept_by(prices).tolist() == [False, True, True, False]
    assert PriceWish("mug").kept_by(prices).all()
