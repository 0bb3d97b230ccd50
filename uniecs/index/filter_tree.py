"""A filter as a small tree of typed values: what is parsed, rendered for Milvus, and evaluated.

Logic is two-valued: a comparison with a value that a product lacks is false, and ``!=`` is the
negation of ``==``, so every product matches either a filter or its negation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TEXT_COLUMNS: tuple[str, ...] = ("product_id", "title", "category", "brand")
COLUMNS: tuple[str, ...] = (*TEXT_COLUMNS, "price", "presence", "attributes.NAME")
"""What a filter may name."""

PRESENCES: dict[str, int] = {"I": 1, "T": 2, "IT": 3}

Operator = Literal["==", "<", "<=", ">", ">="]
Value = str | float | bool


@dataclass(frozen=True, slots=True)
class Compare:
    """One column against one value.

    Attributes:
        column: A column, or the name of an attribute when ``attribute``.
        attribute: The column is an entry of the attributes document.
    """

    column: str
    operator: Operator
    value: Value
    attribute: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """One column against a list of values."""

    column: str
    values: tuple[Value, ...]
    attribute: bool = False


@dataclass(frozen=True, slots=True)
class Negation:
    """What does not match ``part``."""

    part: "Filter"


@dataclass(frozen=True, slots=True)
class Conjunction:
    """All parts match."""

    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Disjunction:
    """At least one part matches."""

    parts: "tuple[Filter, ...]"


Filter = Compare | Member | Negation | Conjunction | Disjunction


def all_of(parts: Sequence[Filter]) -> Filter | None:
    """The conjunction of filters; None for none."""
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else Conjunction(tuple(parts))
