"""CTR and revenue, on made and on real events."""

import json
from pathlib import Path

import pandas as pd
import pytest

from uniecs.experiments.event_files import read_events
from uniecs.experiments.events import Event, event_table
from uniecs.experiments.metrics import online_metrics


def events(*rows: tuple[object, ...]) -> pd.DataFrame:
    names = ("type", "user_id", "query_id", "product_id", "price", "currency")
    return event_table(
        Event.model_validate(
            {
                "event_id": str(n),
                "time": "2026-11-22T10:00:00Z",
                **dict(zip(names, row, strict=False)),
            }
        )
        for n, row in enumerate(rows)
    )


def test_a_second_click_on_the_same_answer_counts_once() -> None:
    table = events(
        ("impression", "a", "q1", "p"), ("impression", "a", "q1", "r"),
        ("click", "a", "q1", "p"), ("click", "a", "q1", "p"),
        ("impression", "b", "q2", "p"), ("impression", "b", "q2", "r"),
    )  # fmt: skip

    assert online_metrics(table).ctr.value == 0.25


def test_currencies_are_never_added_up_and_returns_are_taken_off() -> None:
    table = events(
        ("purchase", "a", None, "p", 10.0, "USD"), ("purchase", "b", None, "p", 900.0, "JPY"),
        ("return", "a", None, "p", 4.0, "USD"), ("click", "c", None, "p"),
    )  # fmt: skip

    metrics = online_metrics(table)

    assert {name: ratio.numerator for name, ratio in metrics.revenue.items()} == {
        "JPY": 900.0,
        "USD": 6.0,
    }
    assert metrics.revenue["USD"].value == 2.0  # of three shoppers
    assert metrics.orders == {"JPY": 1, "USD": 1}


def test_no_events_give_no_figures() -> None:
    metrics = online_metrics(events())

    assert (metrics.ctr.value, metrics.revenue, metrics.shoppers) == (None, {}, 0)


def test_click_rates_of_a_fashion_site_match_their_published_errors(
    shared_data: Path, tmp_path: Path
) -> None:
    folder = shared_data / "obd_zozo"
    log = pd.read_parquet(folder / "events.parquet")
    published = json.loads((folder / "stats.json").read_text())["by"]

    for (campaign, policy), part in log.groupby(["campaign", "policy"]):
        shown = part.assign(
            type="impression", session_id=part["event_id"], query_id=part["event_id"],
            time=part["timestamp"], product_id=part["item_id"].astype(str),
        ).drop(columns=["affinity", "item_id"])  # fmt: skip
        clicked = shown[part["click"] == 1].assign(type="click")
        clicked["event_id"] += "-click"
        path = tmp_path / f"{campaign}-{policy}.parquet"
        pd.concat([shown, clicked]).to_parquet(path)

        ctr = online_metrics(read_events(path)).ctr

        expected = published[f"{campaign}/{policy}"]
        assert ctr.value == pytest.approx(expected["ctr"], abs=5e-5)
        assert ctr.stderr == pytest.approx(expected["se"], abs=1e-5)


def test_revenue_of_a_gift_shop_is_net_of_its_returns(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "uci_online_retail"
    published = json.loads((folder / "stats.json").read_text())
    lines = pd.read_parquet(folder / "events.parquet")
    lines = lines[lines["timestamp"] < "2011-01-10"].reset_index(drop=True)
    table = lines.rename(columns={"unit_price": "price", "order_id": "session_id"})
    table["event_id"] = [f"line-{n}" for n in table.index]
    path = tmp_path / "events.parquet"
    table.to_parquet(path)

    metrics = online_metrics(read_events(path))

    gbp = metrics.revenue["GBP"]
    assert set(metrics.revenue) == {"GBP"}
    assert gbp.numerator == pytest.approx(lines["revenue"].sum(), abs=0.01)
    assert 0 < lines["revenue"].sum() < published["revenue_net"]
    assert gbp.interval is not None
    assert 0 < gbp.interval[0] < gbp.value < gbp.interval[1]
    assert metrics.ctr.value is None  # nothing was shown, so there is no rate to speak of
