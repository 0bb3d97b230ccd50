"""What shoppers did: the schema of an event and its tables (contract 7)."""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    import pandas as pd

EventType = Literal["impression", "click", "add_to_cart", "purchase", "return"]

EVENT_COLUMNS: tuple[str, ...] = (
    "event_id", "type", "time", "query_id", "user_id", "session_id", "variant", "release",
    "product_id", "position", "price", "quantity", "currency", "simulated",
)  # fmt: skip
"""Columns of every table of events, in their order."""


class Event(BaseModel):
    """One thing that a shopper did with one product.

    A return is an event of type ``return`` with the price and quantity that went back. A purchase
    of a negative value, as order systems export returns, is read as one.

    Attributes:
        event_id: Chosen by the sender; sending the same event again changes nothing.
        time: When it happened; a time without a zone is taken as UTC.
        user_id: The shopper; ``session_id`` stands in where nobody is signed in. One of the two
            is required, because intervals are computed over shoppers, not over events.
        position: Rank of the product in the answer, from 1.
        price: Of one piece, in ``currency``; required for a purchase or return.
        simulated: True for events of the shopper simulation; every figure made from them says so.

    Example:
        >>> Event(event_id="e1", type="click", time="2026-11-22T10:00:00Z", session_id="s",
        ...       product_id="p").sign
        0
    """

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    event_id: str = Field(min_length=1, max_length=200)
    type: EventType = Field(validation_alias=AliasChoices("type", "event_type", "event"))
    time: datetime = Field(validation_alias=AliasChoices("time", "timestamp"))
    query_id: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    variant: str | None = None
    release: str | None = None
    product_id: str = Field(
        min_length=1, validation_alias=AliasChoices("product_id", "product", "item_id")
    )
    position: int | None = Field(default=None, ge=1)
    price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    quantity: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    currency: str | None = Field(default=None, max_length=10)
    simulated: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read_missing_and_returns(cls, row: Any) -> Any:
        if not isinstance(row, dict):
            return row
        row = {name: value for name, value in row.items() if not _is_missing(value)}
        price, quantity = row.get("price"), row.get("quantity", 1)
        if _is_negative(price) != _is_negative(quantity):
            kind = next((n for n in ("type", "event_type", "event") if n in row), "type")
            if row.get(kind) in ("purchase", "return"):
                row |= {kind: "return", "price": _absolute(price), "quantity": _absolute(quantity)}
        return row

    @model_validator(mode="after")
    def _is_complete(self) -> "Event":
        if self.user_id is None and self.session_id is None:
            raise ValueError("an event needs a user_id or a session_id")
        if self.sign and self.price is None:
            raise ValueError(f"a {self.type} needs a price")
        if self.time.tzinfo is None:
            object.__setattr__(self, "time", self.time.replace(tzinfo=UTC))
        return self

    @property
    def sign(self) -> int:
        """How the event counts in revenue: 1 for a purchase, -1 for a return, else 0."""
        return {"purchase": 1, "return": -1}.get(self.type, 0)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value)) or value == ""


def _is_negative(value: Any) -> bool:
    return isinstance(value, int | float) and value < 0


def _absolute(value: Any) -> Any:
    return abs(value) if isinstance(value, int | float) else value


def event_table(events: Iterable[Event]) -> "pd.DataFrame":
    """Events as one table: ``EVENT_COLUMNS``, time in microseconds UTC, in the order given."""
    columns: dict[str, list[Any]] = {name: [] for name in EVENT_COLUMNS}
    for event in events:
        for name, values in columns.items():
            values.append(getattr(event, name))
    return table_of_columns(columns)


def table_of_columns(columns: dict[str, list[Any]]) -> "pd.DataFrame":
    """A table of events from its columns, with the types that all readers agree on."""
    import pandas as pd

    table = pd.DataFrame({name: pd.Series(columns[name], dtype=object) for name in EVENT_COLUMNS})
    table["time"] = pd.to_datetime(table["time"], utc=True).astype("datetime64[us, UTC]")
    for name, kind in (("position", "Int64"), ("price", "float64"), ("quantity", "float64")):
        table[name] = table[name].astype(kind)  # type: ignore[call-overload]
    table["simulated"] = table["simulated"].astype(bool)
    return table
