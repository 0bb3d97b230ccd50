"""A row of a catalog: what is required, what is optional, and how its text is read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from uniecs.catalog.cells import MAX_TEXT, is_broken, parse_attributes, parse_image_paths
from uniecs.catalog.presence import Presence

COLUMNS: tuple[str, ...] = (
    "product_id", "group_id", "title", "description", "category", "brand", "price", "currency",
    "attributes", "image_paths", "lang", "split", "source", "license",
)  # fmt: skip
"""Columns of ``catalog.parquet`` in their order; unknown columns are ignored."""

SPLITS: tuple[str, ...] = ("train", "val", "test")

MAX_ID = 256
"""Longest product_id, characters."""
MAX_PRICE = 1e12
MAX_PICTURES = 100
"""Most pictures of one product."""

_TEXTS = (
    "product_id", "group_id", "title", "description", "category", "brand", "lang", "source",
    "license", "split",
)  # fmt: skip


class Product(BaseModel):
    """A product: one catalog row.

    Only ``product_id`` and one of ``title`` and ``image_paths`` are required. NaN, which data
    frames write for an empty cell, is read as absent.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    product_id: str = Field(min_length=1, max_length=MAX_ID)
    group_id: str | None = None
    title: str = Field(default="", max_length=MAX_TEXT)
    description: str = Field(default="", max_length=MAX_TEXT)
    category: str = Field(default="", max_length=MAX_TEXT)
    brand: str | None = Field(default=None, max_length=MAX_TEXT)
    price: float | None = Field(default=None, ge=0, le=MAX_PRICE, allow_inf_nan=False)
    currency: str | None = Field(default=None, pattern=r"^[A-Z]{3}$")
    attributes: dict[str, Any] = Field(default_factory=dict)
    image_paths: tuple[str, ...] = Field(default=(), max_length=MAX_PICTURES)
    lang: str | None = None
    split: str | None = None
    source: str | None = None
    license: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _nan_is_absent(cls, row: Any) -> Any:
        if not isinstance(row, Mapping):
            return row
        nan = {name for name, cell in row.items() if isinstance(cell, float) and cell != cell}
        return {name: None if name in nan else cell for name, cell in row.items()}

    @field_validator("title", "description", "category", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator(*_TEXTS, mode="after")
    @classmethod
    def _refuse_broken_text(cls, value: str | None) -> str | None:
        if value and is_broken(value):
            raise PydanticCustomError("encoding", "text holds a NUL or a broken character")
        return value

    @field_validator("product_id", mode="after")
    @classmethod
    def _blank_is_no_id(cls, value: str) -> str:
        if not value.strip():
            raise PydanticCustomError("missing", "product_id is blank")
        return value

    @field_validator("price", mode="before")
    @classmethod
    def _tidy_price(cls, value: Any) -> Any:
        if isinstance(value, str) and value.strip().lower() in ("", "nan"):
            return None
        if isinstance(value, bool):
            raise ValueError("a price is a number")
        return value

    @field_validator("currency", mode="before")
    @classmethod
    def _tidy_currency(cls, value: Any) -> Any:
        return value.strip().upper() or None if isinstance(value, str) else value

    @field_validator("attributes", mode="before")
    @classmethod
    def _parse_attributes(cls, value: Any) -> Any:
        return parse_attributes(value)

    @field_validator("image_paths", mode="before")
    @classmethod
    def _parse_image_paths(cls, value: Any) -> Any:
        return parse_image_paths(value)

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


def attribute_words(attributes: Mapping[str, Any]) -> str:
    """Attribute values as words, without identifiers; a flag that is set gives its own name.

    Example:
        >>> attribute_words({"color": "Red", "sizes": ["S", "M"], "sku": "MH01", "organic": True})
        'Red S M organic'
    """
    return " ".join(
        word
        for name, value in attributes.items()
        if not _UNSEARCHED.search(name)
        for word in _words(name, value)
    )


def _words(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, bool):
        yield from [name.replace("_", " ")] if value else []
    elif isinstance(value, list):
        for part in value:
            yield from _words(name, part)
    elif isinstance(value, dict):
        yield attribute_words(value)
    elif value is not None:
        yield str(value)


_SPACES = re.compile(r"\W+", re.UNICODE)


def normalise_text(text: str) -> str:
    """Case-folded words separated by one space: equality of texts for pairs and leakage.

    Example:
        >>> normalise_text("  Red, SHOE!")
        'red shoe'
    """
    return _SPACES.sub(" ", text.casefold()).strip()
