"""Filters as Milvus expressions: every value is an escaped literal, the tenant is always there."""

from uniecs.index.filter_tree import (
    PRESENCES,
    Compare,
    Conjunction,
    Disjunction,
    Filter,
    Member,
    Negation,
    Value,
)


def expression(where: Filter | None, *, tenant: str) -> str:
    """The Milvus expression for a filter within one tenant.

    Example:
        >>> from uniecs.index.filters import parse_filter
        >>> expression(parse_filter('price < 50'), tenant="shop")
        'tenant == "shop" and (has_price == true and price < 50.0)'
    """
    own = f"tenant == {quote(tenant)}"
    return own if where is None else f"{own} and ({_render(where)})"


def pictured(expression_: str) -> str:
    """An expression narrowed to products that have a picture."""
    return f"presence in [1, 3] and {expression_}"


def quote(text: str) -> str:
    r"""A text as a literal that both Milvus and Milvus Lite read back as the same text.

    Example:
        >>> print(quote('a"b'))
        "a\"b"
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def _render(where: Filter) -> str:
    if isinstance(where, Negation):
        return f"not ({_render(where.part)})"
    if isinstance(where, Conjunction):
        return " and ".join(f"({_render(part)})" for part in where.parts)
    if isinstance(where, Disjunction):
        return " or ".join(f"({_render(part)})" for part in where.parts)
    if where.attribute:
        return _attribute(where)
    if isinstance(where, Member):
        values = ", ".join(_literal(where.column, value) for value in where.values)
        member = f"{where.column} in [{values}]"
        return f"has_price == true and {member}" if where.column == "price" else member
    test = f"{where.column} {where.operator} {_literal(where.column, where.value)}"
    return f"has_price == true and {test}" if where.column == "price" else test


def _attribute(where: Compare | Member) -> str:
    name = quote(where.column)
    if isinstance(where, Member):
        equals = [Compare(where.column, "==", value, attribute=True) for value in where.values]
        return " or ".join(f"({_attribute(each)})" for each in equals)
    if isinstance(where.value, float):
        number = f'attributes["n"][{name}]'
        # Milvus 2.3 reads "exists a and b" as "exists (a and b)": the parentheses are needed
        return f"(exists {number}) and ({number} {where.operator} {_number(where.value)})"
    word = where.value if isinstance(where.value, str) else str(where.value).lower()
    return f'json_contains(attributes["s"][{name}], {quote(word)})'


def _literal(column: str, value: Value) -> str:
    if column == "presence":
        return str(PRESENCES[str(value)])
    if isinstance(value, str):
        return quote(value)
    return _number(float(value))


def _number(value: float) -> str:
    return repr(value)
