"""What a row may hold, and how odd cells are read."""

import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from uniecs.catalog.schema import Product, attribute_words

NAN = math.nan


def product(**cells: Any) -> Product:
    return Product.model_validate({"product_id": "1", "title": "mug"} | cells)


@pytest.mark.parametrize(
    ("cells", "column", "value"),
    [
        ({"product_id": 12}, "product_id", "12"),
        ({"price": "12.50"}, "price", 12.5),
        ({"price": Decimal("3.5")}, "price", 3.5),
        ({"price": NAN}, "price", None),
        ({"price": " nan "}, "price", None),
        ({"price": ""}, "price", None),
        ({"brand": NAN}, "brand", None),
        ({"description": None}, "description", ""),
        ({"currency": " usd"}, "currency", "USD"),
        ({"currency": ""}, "currency", None),
        ({"attributes": ""}, "attributes", {}),
        ({"attributes": '{"a": [1, "x"]}'}, "attributes", {"a": [1, "x"]}),
        ({"attributes": [("a", 1)]}, "attributes", {"a": 1}),
        ({"attributes": {"when": Decimal("1.5")}}, "attributes", {"when": "1.5"}),
        ({"image_paths": '["a.jpg", "b.jpg"]'}, "image_paths", ("a.jpg", "b.jpg")),
        ({"image_paths": "a.jpg"}, "image_paths", ("a.jpg",)),
        ({"image_paths": [None, "a.jpg", ""]}, "image_paths", ("a.jpg",)),
        ({"image_paths": np.array(["a.jpg"])}, "image_paths", ("a.jpg",)),
        ({"unknown": object()}, "title", "mug"),
    ],
)
def test_odd_but_clear_cells_are_read(cells: dict[str, Any], column: str, value: Any) -> None:
    assert getattr(product(**cells), column) == value


@pytest.mark.parametrize(
    "cells",
    [
        {"product_id": None},
        {"product_id": "  "},
        {"product_id": "x" * 257},
        {"product_id": "a\0b"},
        {"title": "caf\udce9"},
        {"group_id": "\udce9"},
        {"split": "\udce9"},
        {"title": "x" * 100_001},
        {"price": -1},
        {"price": math.inf},
        {"price": 10**400},
        {"price": "12,50"},
        {"currency": "$"},
        {"currency": 5},
        {"attributes": "{broken"},
        {"attributes": "[1]"},
        {"attributes": 5},
        {"attributes": [1]},
        {"attributes": '{"a": NaN}'},
        {"attributes": '{"a": "\\u0000"}'},
        {"attributes": '{"a": "\\ud800"}'},
        {"attributes": "[" * 50_000},
        {"attributes": '{"a": ' + "9" * 5_000 + "}"},
        {"image_paths": "[broken"},
        {"image_paths": "[" * 50_000},
        {"image_paths": [["a.jpg"]]},
        {"image_paths": {"a": 1}},
        {"image_paths": 7},
        {"image_paths": ["a\0.jpg"]},
        {"image_paths": ["x.jpg"] * 101},
        {"title": " ", "image_paths": []},
    ],
    ids=lambda cells: "-".join(f"{name}={str(cell)[:12]!a}" for name, cell in cells.items()),
)
def test_unusable_cells_are_refused(cells: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        product(**cells)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(Product.model_fields)), JSON, max_size=6))
@settings(max_examples=100, deadline=None)
def test_any_row_is_a_product_or_a_validation_error(row: dict[str, Any]) -> None:
    try:
        valid = Product.model_validate(row)
    except ValidationError:
        return
    assert valid.product_id.strip()
    assert valid.title.strip() or valid.image_paths
    valid.full_text.encode()


def test_words_of_attributes_reach_into_nested_values_and_flags() -> None:
    attributes = {"fit": {"cut": "slim", "sizes": [1, 2]}, "water_proof": True, "sale": False}

    assert attribute_words(attributes) == "slim 1 2 water proof"
