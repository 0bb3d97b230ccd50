"""Feature tables of products: from the catalog, and from what shoppers did."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from uniecs.catalog.images import resolve_image
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import Product
from uniecs.errors import ImageError
from uniecs.experiments.metrics import first_clicks, revenue_of, shoppers_of

if TYPE_CHECKING:
    import pandas as pd

PRIOR_IMPRESSIONS = 50.0
"""Weight of the catalog's CTR in a product's ``ctr_prior``, as a number of impressions."""


def catalog_features(
    catalog: Catalog, now: datetime, *, first_seen: Mapping[str, datetime]
) -> "pd.DataFrame":
    """One row per product: the columns of the view ``product_catalog``.

    Args:
        catalog: An accepted catalog.
        now: Time of the snapshot, with a zone.
        first_seen: product_id -> first snapshot that held it; missing means now.
    """
    import pandas as pd

    products = catalog.products
    seen = [first_seen.get(product.product_id, now) for product in products]
    table = pd.DataFrame(
        {
            "product_id": [product.product_id for product in products],
            "price": pd.Series([product.price for product in products], dtype="float64"),
            "currency": [product.currency for product in products],
            "category": [product.category or None for product in products],
            "brand": [product.brand for product in products],
            "text_length": [len(product.full_text) for product in products],
            "has_image": [_has_image(catalog, product) for product in products],
            "age_days": [(now - moment).total_seconds() / 86_400 for moment in seen],
            "first_seen": pd.to_datetime(seen, utc=True),
        }
    )
    return _stamped(table, now)


def performance_features(
    products: Sequence[Product],
    events: "pd.DataFrame",
    now: datetime,
    *,
    prior_impressions: float = PRIOR_IMPRESSIONS,
) -> "pd.DataFrame":
    """One row per product, seen or not: the columns of the view ``product_performance``.

    ``ctr_prior = (clicks + w c) / (impressions + w)`` with the catalog's CTR ``c`` and weight
    ``w``: the mean of a beta posterior, so that one click on one impression is no CTR of 1.

    Args:
        products: Rows that the table is wanted for.
        events: A table of events; those after ``now`` and of other products are left out.
        now: Time of the snapshot, with a zone.
        prior_impressions: ``w``.
    """
    import pandas as pd

    ids = pd.Index([product.product_id for product in products], name="product_id")
    events = events[(events["time"] <= now) & events["product_id"].isin(ids)]
    marks = pd.DataFrame(
        {
            "impressions": events["type"] == "impression",
            "clicks": first_clicks(events, shoppers_of(events)),
            "orders": events["type"] == "purchase",
            "revenue": revenue_of(events),
        }
    )
    sums = marks.groupby(events["product_id"]).sum().reindex(ids, fill_value=0)
    shown = sums["impressions"].astype("float64")
    share = float(sums["clicks"].sum()) / max(1.0, float(shown.sum()))
    table = sums[["impressions", "clicks", "orders"]].astype("int64")
    table["ctr_prior"] = (sums["clicks"] + prior_impressions * share) / (shown + prior_impressions)
    table["revenue_per_impression"] = (sums["revenue"] / shown.where(shown > 0)).astype("float64")
    return _stamped(table.reset_index(), now)


def _has_image(catalog: Catalog, product: Product) -> bool:
    if product.image is None:
        return False
    try:
        return resolve_image(catalog.folder, product.image).is_file()
    except ImageError:
        return False


def _stamped(table: "pd.DataFrame", now: datetime) -> "pd.DataFrame":
    """Add the snapshot's time, in microseconds: DuckDB cannot cast nanoseconds (PLATFORM 5)."""
    import pandas as pd

    table["event_timestamp"] = pd.Timestamp(now.astimezone(UTC))
    times = table.select_dtypes("datetimetz").columns
    return table.astype(dict.fromkeys(times, "datetime64[us, UTC]"))
