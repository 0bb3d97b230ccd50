"""Every fault of a row has its own stable code."""

from typing import Any

import pytest

from uniecs.catalog.formats import DEFECT
from uniecs.catalog.validation.rows import REASONS, check_row


def reasons_of(**cells: Any) -> tuple[str, ...]:
    return check_row({"product_id": "1", "title": "mug"} | cells).reasons


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"product_id": None}, "missing_id"),
        ({"product_id": float("nan")}, "missing_id"),
        ({"product_id": " "}, "missing_id"),
        ({"product_id": ""}, "missing_id"),
        ({"product_id": "x" * 300}, "invalid_id"),
        ({"product_id": ["1"]}, "invalid_id"),
        ({"product_id": "a\0"}, "encoding"),
        ({"title": "caf\udce9"}, "encoding"),
        ({"attributes": '{"a": "\\u0000"}'}, "encoding"),
        ({"title": "x" * 100_001}, "invalid_text"),
        ({"description": ["x"]}, "invalid_text"),
        ({"price": -0.01}, "negative_price"),
        ({"price": True}, "invalid_price"),
        ({"price": "cheap"}, "invalid_price"),
        ({"price": 10**400}, "invalid_price"),
        ({"currency": "dollars"}, "invalid_currency"),
        ({"attributes": "{"}, "invalid_attributes"),
        ({"image_paths": "["}, "invalid_image_paths"),
    ],
)
def test_a_fault_has_its_code(cells: dict[str, Any], code: str) -> None:
    assert reasons_of(**cells) == (code,)
    assert code in REASONS


def test_all_faults_of_a_row_are_named() -> None:
    found = reasons_of(product_id=None, price=-1, attributes="{")

    assert found == ("invalid_attributes", "missing_id", "negative_price")


def test_an_unreadable_row_keeps_its_code_and_has_no_id() -> None:
    checked = check_row({DEFECT: "encoding"})

    assert checked.reasons == ("encoding",)
    assert checked.product_id is checked.shown_id is None


def test_an_unusable_id_is_shown_in_a_printable_form() -> None:
    checked = check_row({"product_id": "caf\udce9" + "x" * 300})

    assert checked.product_id is None
    assert checked.shown_id is not None
    assert checked.shown_id.startswith("caf?x")
    assert len(checked.shown_id) == 256
