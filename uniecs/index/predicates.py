"""Filters as Python predicates: the twin of the Milvus expression, for rows outside Milvus."""

import operator
from collections.abc import Callable

from uniecs.index.filter_tree import (
    PRESENCES,
    Conjunction,
    Disjunction,
    Filter,
    Member,
    Negation,
    Value,
)
from uniecs.index.schema import Row

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(where: Filter | None, row: Row, *, tenant: str) -> bool:
    """Whether a row of ``tenant`` passes a filter.

    Example:
        >>> from uniecs.index.filters import parse_filter
        >>> row = Row("1", "shop", 2, "", "X", 9.0, True, {"s": {}, "n": {}}, "Mug", "mug")
        >>> matches(parse_filter('price < 10 and brand != "Y"'), row, tenant="shop")
        True
        >>> matches(None, row, tenant="other")
        False
    """
    return row.tenant == tenant and (where is None or _matches(where, row))


def _matches(where: Filter, row: Row) -> bool:
    if isinstance(where, Negation):
        return not _matches(where.part, row)
    if isinstance(where, Conjunction):
        return all(_matches(part, row) for part in where.parts)
    if isinstance(where, Disjunction):
        return any(_matches(part, row) for part in where.parts)
    if isinstance(where, Member):
        return any(_compares(where.column, "==", v, row, where.attribute) for v in where.values)
    return _compares(where.column, where.operator, where.value, row, where.attribute)


def _compares(column: str, sign: str, value: Value, row: Row, attribute: bool) -> bool:
    if attribute:
        return _attribute_compares(column, sign, value, row)
    if column == "price":
        return row.has_price and _COMPARE[sign](row.price, float(value))
    if column == "presence":
        return row.presence == PRESENCES[str(value)]
    return bool(getattr(row, column) == value)


def _attribute_compares(name: str, sign: str, value: Value, row: Row) -> bool:
    if isinstance(value, float):
        number = row.attributes["n"].get(name)
        return number is not None and _COMPARE[sign](number, value)
    word = value if isinstance(value, str) else str(value).lower()
    return word in row.attributes["s"].get(name, [])
