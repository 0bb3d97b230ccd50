"""Feature tables, computed without Feast."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from uniecs.catalog.reading import Catalog
from uniecs.experiments.events import Event, event_table
from uniecs.experiments.features import catalog_features, performance_features

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def happened(*rows: tuple[str, str, int]) -> pd.DataFrame:
    """(type, product, times) -> events of as many shoppers, one minute apart, ending at NOW."""
    pairs = [(kind, product) for kind, product, times in rows for _ in range(times)]
    return event_table(
        Event(
            event_id=str(n), type=kind, time=NOW - timedelta(minutes=n), user_id=f"u{n}",
            query_id="q", product_id=product, price=4.0, currency="EUR",
        )
        for n, (kind, product) in enumerate(pairs)
    )  # fmt: skip


def test_catalog_features_say_what_the_row_says(shelf: Catalog) -> None:
    week_ago = NOW - timedelta(days=7)

    table = catalog_features(shelf, NOW, first_seen={"p001": week_ago}).set_index("product_id")

    row = table.loc["p001"]
    assert (row["price"], row["currency"], row["brand"]) == (1.25, "EUR", "Acme")
    assert (row["category"], row["age_days"]) == ("Home > Mugs", 7.0)
    assert row["text_length"] == len(shelf.by_id["p001"].full_text)
    assert not row["has_image"]  # its picture is named but does not exist
    assert table.loc["p005", "has_image"]
    assert pd.isna(table.loc["p003", "price"])
    assert str(table["event_timestamp"].dtype) == "datetime64[us, UTC]"


def test_one_click_on_one_impression_is_no_certainty(shelf: Catalog) -> None:
    events = happened(
        ("impression", "p001", 1), ("click", "p001", 1),
        ("impression", "p002", 400), ("click", "p002", 40),
        ("impression", "p003", 599),
    )  # fmt: skip

    table = performance_features(shelf.products, events, NOW).set_index("product_id")

    share = 41 / 1000
    assert len(table) == 500
    assert table.loc["p004", "ctr_prior"] == pytest.approx(share)  # never shown: the catalog's
    assert table.loc["p001", "ctr_prior"] == pytest.approx((1 + 50 * share) / 51)
    assert table.loc["p002", "ctr_prior"] > table.loc["p001", "ctr_prior"]


def test_revenue_per_impression_is_net_of_returns_and_null_when_never_shown(
    shelf: Catalog,
) -> None:
    events = happened(
        ("impression", "p001", 8), ("purchase", "p001", 3), ("return", "p001", 1),
        ("purchase", "p002", 1),
    )  # fmt: skip

    table = performance_features(shelf.products, events, NOW).set_index("product_id")

    assert table.loc["p001", "revenue_per_impression"] == 1.0
    assert table.loc["p001", "orders"] == 3
    assert pd.isna(table.loc["p002", "revenue_per_impression"])


def test_events_of_the_future_and_of_other_products_do_not_count(shelf: Catalog) -> None:
    events = happened(("impression", "p001", 10), ("impression", "gone", 10))

    table = performance_features(shelf.products, events, NOW - timedelta(minutes=5))

    assert table["impressions"].sum() == 5
