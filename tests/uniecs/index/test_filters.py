"""The filter language: what it understands, and what it says when it does not."""

import pytest

from uniecs.errors import FilterError
from uniecs.index.expressions import expression
from uniecs.index.filter_tree import Compare, Conjunction, Disjunction, Member, Negation
from uniecs.index.filters import MAX_CHARACTERS, MAX_DEPTH, parse_filter


def test_and_binds_tighter_than_or_and_not_binds_tightest() -> None:
    tree = parse_filter('price < 50 or not brand == "X" and presence == "IT"')

    assert tree == Disjunction(
        (
            Compare("price", "<", 50.0),
            Conjunction((Negation(Compare("brand", "==", "X")), Compare("presence", "==", "IT"))),
        )
    )


def test_lists_attributes_and_quoted_names_are_understood() -> None:
    assert parse_filter("brand in ['A', 'B']") == Member("brand", ("A", "B"))
    assert parse_filter('attributes.color not in ["red"]') == Negation(
        Member("color", ("red",), attribute=True)
    )
    assert parse_filter('attributes["plant type"] == "Tree"') == Compare(
        "plant type", "==", "Tree", attribute=True
    )


def test_unequal_is_the_negation_of_equal() -> None:
    assert parse_filter('brand != "X"') == Negation(Compare("brand", "==", "X"))


def test_escapes_in_texts_are_read() -> None:
    assert parse_filter(r'brand == "a\"b\\c\n"') == Compare("brand", "==", 'a"b\\c\n')


def test_an_unknown_column_is_answered_with_the_columns_that_exist() -> None:
    with pytest.raises(FilterError, match=r"'colour' at position 13.*product_id.*attributes") as e:
        parse_filter("price < 5 or colour == 'red'".replace("or ", "or "))

    assert e.value.position == 13


@pytest.mark.parametrize("column", ["tenant", "vector", "has_price", "terms", "$meta"])
def test_internal_columns_cannot_be_named(column: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(f'{column} == "x"')


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("", 0, "expected a column"),
        ("price", 5, "expected =="),
        ("price <", 7, "expected a value"),
        ('price < "cheap"', 8, "number"),
        ("brand == 5", 9, "quotation marks"),
        ('brand < "X"', 8, "compare numbers"),
        ('presence == "TI"', 12, '"I", "T" or "IT"'),
        ("price < 1e999", 8, "out of range"),
        ("(price < 5", 10, "expected '\\)'"),
        ("price < 5 brand", 10, "expected `and`"),
        ('brand == "X', 9, "close the quotation mark"),
        ("price < 5; drop", 9, "Cannot read"),
        ("brand in []", 10, "expected a value"),
        ("price < 5 < 6", 10, "expected `and`"),
    ],
)
def test_a_mistake_is_named_with_its_position(text: str, position: int, reason: str) -> None:
    with pytest.raises(FilterError, match=reason) as error:
        parse_filter(text)

    assert error.value.position == position


def test_length_and_depth_are_limited_exactly() -> None:
    longest = "price < 1" + " " * (MAX_CHARACTERS - 9)
    deepest = "(" * MAX_DEPTH + "price < 1" + ")" * MAX_DEPTH

    assert parse_filter(longest) == parse_filter(deepest)
    with pytest.raises(FilterError, match="limit is 2000"):
        parse_filter(longest + " ")
    with pytest.raises(FilterError, match="more than 8 levels"):
        parse_filter(f"({deepest})")


def test_the_tenant_is_in_every_expression_and_a_price_needs_a_price() -> None:
    assert expression(None, tenant='a"b') == 'tenant == "a\\"b"'
    assert expression(parse_filter("not price < 5"), tenant="t") == (
        'tenant == "t" and (not (has_price == true and price < 5.0))'
    )
