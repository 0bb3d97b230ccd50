"""A row of a catalog: what is required, what is optional, and how its text is read."""

import json
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from uniecs.catalog.presence import Presence

COLUMNS: tuple[str, ...] = (
    "product_id", "group_id", "title", "description", "category", "brand", "price", "currency",
    "attributes", "image_paths", "lang", "split", "source", "license",
)  # fmt: skip
"""Columns of ``catalog.parquet`` in their order; unknown columns are ignored."""

SPLITS: tuple[str, ...] = ("train", "val", "test")

Attribute = str | int | float | bool | list[str] | None


class Product(BaseModel):
    """A product: one catalog row.

    Only ``product_id`` and one of ``title`` and ``image_paths`` are required.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    product_id: str = Field(min_length=1)
    group_id: str | None = None
    title: str = ""
    description: str = ""
    category: str = ""
    brand: str | None = None
    price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    currency: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)
    image_paths: tuple[str, ...] = ()
    lang: str | None = None
    split: str | None = None
    source: str | None = None
    license: str | None = None

    @field_validator("title", "description", "category", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("attributes", mode="before")
    @classmethod
    def _parse_attributes(cls, value: Any) -> Any:
        if value is None or value == "":
            return {}
        if isinstance(value, str):
            value = json.loads(value)  # ValueError becomes a validation error of this field
        if not isinstance(value, dict):
            raise ValueError("attributes must be a JSON object")
        return value

    @field_validator("image_paths", mode="before")
    @classmethod
    def _parse_image_paths(cls, value: Any) -> Any:
        if value is None or value == "":
            return ()
        if isinstance(value, str):
            return tuple(json.loads(value)) if value.lstrip().startswith("[") else (value,)
        return tuple(value)

    @model_validator(mode="after")
    def _needs_title_or_picture(self) -> "Product":
        if not self.title.strip() and not self.image_paths:
            raise ValueError("a product needs a title or a picture")
        return self

    @property
    def group(self) -> str:
        """The group that a split must keep together: ``group_id``, else the product itself."""
        return self.group_id or self.product_id

    @property
    def image(self) -> str | None:
        """The indexed picture: the first one."""
        return self.image_paths[0] if self.image_paths else None

    @property
    def presence(self) -> Presence:
        """Modalities that the row claims; a picture that cannot be decoded counts as absent."""
        return Presence.of(text=self.full_text, image=self.image)

    @property
    def full_text(self) -> str:
        """The text that is indexed: title, brand, category, attributes, description."""
        return " . ".join(part for part in (self.title.strip(), self.details) if part)

    @property
    def details(self) -> str:
        """Everything but the title: the other half of the text."""
        facts = attribute_words(self.attributes)
        leaf = self.category.rsplit(">", 1)[-1].strip()
        parts = (self.brand or "", leaf, facts, self.description.strip())
        return " . ".join(part for part in parts if part)


_UNSEARCHED = re.compile(r"(^|_)(id|sku|article_number|ean|gtin|upc|url|discounted_price)$")


def attribute_words(attributes: dict[str, Any]) -> str:
    """Attribute values as words, without identifiers.

    Example:
        >>> attribute_words({"color": "Red", "sizes": ["S", "M"], "sku": "MH01"})
        'Red S M'
    """
    words: list[str] = []
    for name, value in attributes.items():
        if value is None or _UNSEARCHED.search(name):
            continue
        words.extend(str(v) for v in value) if isinstance(value, list) else words.append(str(value))
    return " ".join(words)


_SPACES = re.compile(r"\W+", re.UNICODE)


def normalise_text(text: str) -> str:
    """Case-folded words separated by one space: equality of texts for pairs and leakage.

    Example:
        >>> normalise_text("  Red, SHOE!")
        'red shoe'
    """
    return _SPACES.sub(" ", text.casefold()).strip()
