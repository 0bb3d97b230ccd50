"""The checks of a catalog: which fact each looks at, what it says, and when it fails."""

from dataclasses import dataclass
from typing import Literal

from uniecs.catalog.validation.config import ValidationConfig

Table = Literal["products", "pictures", "queries"]
Kind = Literal["rows", "unique", "true", "at_least"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One check.

    Attributes:
        column: Column of the table of facts; cells without a value do not count.
        threshold: Highest share of values that may break the rule; for ``rows`` the fewest rows.
        says: What the value means, for people.
        minimum: Smallest good value, for ``at_least``.
    """

    name: str
    table: Table
    column: str
    kind: Kind
    threshold: float
    says: str
    minimum: int | None = None


def rules(config: ValidationConfig) -> tuple[Rule, ...]:
    """All checks with their thresholds, in the order of the report."""
    return (
        Rule("rows", "products", "row", "rows", config.min_rows, "rows in the catalog"),
        *_row_rules(config),
        *_picture_rules(config),
        Rule(
            "quarantined_rows", "products", "accepted", "true", config.quarantined_rows,
            "rows left out, for any reason",
        ),
        Rule(
            "unusable_queries", "queries", "usable", "true", config.unusable_queries,
            "queries that cannot be asked: malformed, empty or with a broken picture",
        ),
    )  # fmt: skip


def _row_rules(config: ValidationConfig) -> tuple[Rule, ...]:
    return (
        Rule(
            "unreadable_rows", "products", "readable", "true", config.unreadable_rows,
            "lines that are no row of the format, or not UTF-8",
        ),
        Rule(
            "missing_ids", "products", "id_usable", "true", config.missing_ids,
            "rows without a usable product_id",
        ),
        Rule(
            "duplicate_ids", "products", "product_id", "unique", config.duplicate_ids,
            "rows that share their product_id with another row; the first good one is kept",
        ),
        Rule(
            "invalid_texts", "products", "texts_valid", "true", config.invalid_texts,
            "rows whose text holds a broken character or is too long",
        ),
        Rule(
            "missing_titles", "products", "has_title", "true", config.missing_titles,
            "rows without a title",
        ),
        Rule(
            "invalid_prices", "products", "price_valid", "true", config.invalid_prices,
            "prices that are negative or no number",
        ),
        Rule(
            "invalid_currencies", "products", "currency_valid", "true", config.invalid_currencies,
            "currencies that are no three-letter code",
        ),
        Rule(
            "missing_currencies", "products", "currency_named", "true", config.missing_currencies,
            "prices without a currency",
        ),
        Rule(
            "missing_categories", "products", "has_category", "true", config.missing_categories,
            "rows without a category",
        ),
        Rule(
            "small_categories", "products", "category_rows", "at_least", config.small_categories,
            f"rows in a category of fewer than {config.min_category_rows} rows",
            config.min_category_rows,
        ),
        Rule(
            "invalid_attributes", "products", "attributes_valid", "true",
            config.invalid_attributes, "attributes that are no JSON object",
        ),
    )  # fmt: skip


def _picture_rules(config: ValidationConfig) -> tuple[Rule, ...]:
    return (
        Rule(
            "missing_pictures", "products", "has_picture", "true", config.missing_pictures,
            "rows left without a readable picture",
        ),
        Rule(
            "broken_pictures", "pictures", "readable", "true", config.broken_pictures,
            "named pictures that are not there or cannot be decoded",
        ),
        Rule(
            "small_pictures", "pictures", "short_side", "at_least", config.small_pictures,
            f"readable pictures with a side of less than {config.min_picture_side} px",
            config.min_picture_side,
        ),
        Rule(
            "duplicate_pictures", "products", "picture", "unique", config.duplicate_pictures,
            "rows whose indexed picture is byte-identical with that of another row",
        ),
    )  # fmt: skip
