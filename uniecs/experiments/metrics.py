"""Click-through rate and revenue of a table of events."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniecs.experiments.statistics import Ratio, ratio_of_sums

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN_CURRENCY = "unknown"
"""Currency of events that name none."""


@dataclass(frozen=True, slots=True)
class OnlineMetrics:
    """What a stretch of traffic did.

    Attributes:
        ctr: Clicked impressions per impression, over shoppers.
        revenue: Currency -> revenue net of returns per shopper; a shopper who bought nothing
            counts with zero. Amounts of different currencies are never added up.
        orders: Currency -> purchases.
        shoppers: Distinct shoppers with any event.
        simulated: True when any event came from the simulation.
    """

    ctr: Ratio
    revenue: dict[str, Ratio]
    orders: dict[str, int]
    shoppers: int
    simulated: bool


def online_metrics(events: "pd.DataFrame") -> OnlineMetrics:
    """CTR and revenue per currency, net of returns, with errors over shoppers.

    Args:
        events: A table of events, as ``read_events`` and ``EventStore.read`` give it.
    """
    import numpy as np
    import pandas as pd

    shopper = shoppers_of(events)
    codes, names = pd.factorize(shopper)
    shown = np.bincount(codes, weights=events["type"] == "impression", minlength=len(names))
    clicked = np.bincount(codes, weights=first_clicks(events, shopper), minlength=len(names))
    signed, currency = revenue_of(events), currency_of(events)
    money = (events["type"] == "purchase") | (events["type"] == "return")
    revenue = {
        str(name): ratio_of_sums(
            np.bincount(codes, weights=signed.where(currency == name, 0.0), minlength=len(names)),
            np.ones(len(names)),
        )
        for name in sorted(currency[money].unique())
    }
    bought = currency[events["type"] == "purchase"].value_counts()
    return OnlineMetrics(
        ctr=ratio_of_sums(clicked, shown),
        revenue=revenue,
        orders={name: int(bought.get(name, 0)) for name in revenue},
        shoppers=len(names),
        simulated=bool(events["simulated"].any()),
    )


def shoppers_of(events: "pd.DataFrame") -> "pd.Series[str]":
    """The unit that acts: user_id, else session_id; the two never mix up."""
    signed_in = events["user_id"].notna()
    return ("u:" + events["user_id"].astype(str)).where(
        signed_in, "s:" + events["session_id"].astype(str)
    )


def first_clicks(events: "pd.DataFrame", shopper: "pd.Series[str]") -> "pd.Series[bool]":
    """Marks the first click of a shopper on a product of an answer: clicking twice counts once."""
    click = events["type"] == "click"
    keys = events[["query_id", "product_id"]].assign(shopper=shopper)
    # without a query id nothing says that two clicks belong to one impression
    repeated = keys[click & events["query_id"].notna()].duplicated()
    return click & ~repeated.reindex(events.index, fill_value=False)


def revenue_of(events: "pd.DataFrame") -> "pd.Series[float]":
    """Signed amount of every event: purchases plus, returns minus, anything else 0."""
    sign = events["type"].map({"purchase": 1.0, "return": -1.0}).fillna(0.0).astype(float)
    return sign * events["price"].fillna(0.0) * events["quantity"]


def currency_of(events: "pd.DataFrame") -> "pd.Series[str]":
    """Currency of every event; ``unknown`` where none is named."""
    return events["currency"].fillna(UNKNOWN_CURRENCY).astype(str)
