"""Online drift: a drop beyond doubt is drift, missing events are never healthy."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from monitoring.config import MonitoringConfig
from monitoring.online import OnlineDrift, compare_periods
from uniecs.experiments.events import Event, event_table

START = datetime(2026, 11, 1, tzinfo=UTC)
CONFIG = MonitoringConfig()


def traffic(
    *, later_ctr: float = 0.2, later_price: float = 10.0, seed: int = 0, sessions: int = 800,
    bought: float = 0.5, currency: str = "EUR", simulated: bool = False, prefix: str = "",
) -> list[Event]:  # fmt: skip
    """Sessions of five impressions; every click may be bought."""
    rng = np.random.default_rng(seed)
    events = []
    for s in range(sessions):
        late = s >= sessions // 2
        for k in range(5):
            row = {
                "event_id": f"{prefix}{s}-{k}-i", "type": "impression", "product_id": f"p{k}",
                "time": START + timedelta(minutes=s), "query_id": f"{prefix}q{s}",
                "user_id": f"u{s}", "position": k + 1, "simulated": simulated,
            }  # fmt: skip
            events.append(Event(**row))
            if rng.random() < (later_ctr if late else 0.2):
                events.append(Event(**row | {"event_id": f"{prefix}{s}-{k}-c", "type": "click"}))
                if rng.random() < bought:
                    money = {"price": later_price if late else 10.0, "currency": currency}
                    sale = {"event_id": f"{prefix}{s}-{k}-p", "type": "purchase", **money}
                    events.append(Event(**row | sale))
    return events


def judge(events: list[Event]) -> OnlineDrift:
    return compare_periods(event_table(events), CONFIG)


def states(drift: OnlineDrift) -> dict[str, str]:
    return {check.name: check.state for check in drift.checks}


def test_steady_traffic_raises_no_alarm() -> None:
    outcomes = [states(judge(traffic(seed=seed))) for seed in range(5)]

    assert all(set(outcome.values()) == {"healthy"} for outcome in outcomes), outcomes


def test_a_fall_of_clicks_and_of_prices_is_found() -> None:
    fewer = states(judge(traffic(later_ctr=0.1)))
    cheaper = states(judge(traffic(later_price=5.0)))

    assert fewer == {"ctr": "drifted", "revenue_EUR": "drifted"}
    assert cheaper == {"ctr": "healthy", "revenue_EUR": "drifted"}


def test_a_rise_is_no_drift() -> None:
    assert set(states(judge(traffic(later_ctr=0.5))).values()) == {"healthy"}


def test_a_return_is_taken_off_the_period_that_sold_it() -> None:
    events = traffic()
    sold = [event for event in events if event.type == "purchase"]
    back = [
        event.model_copy(
            update={"event_id": f"{event.event_id}-r", "type": "return",
                    "time": event.time + timedelta(days=3)}
        )
        for event in sold[: len(sold) // 2]
    ]  # fmt: skip

    revenue = judge(events + back).checks[1]

    assert "0.00 before" in revenue.sentence
    assert revenue.state == "insufficient_data"  # nothing was earned before: no relative change


def test_currencies_are_judged_one_by_one_and_a_rare_one_withholds_nothing() -> None:
    events = traffic() + traffic(sessions=20, currency="JPY", prefix="j")

    checks = {check.name: check for check in judge(events).checks}

    assert checks["revenue_EUR"].state == "healthy"
    assert checks["revenue_JPY"].state == "insufficient_data"
    assert checks["revenue_JPY"].optional


def test_too_little_traffic_cannot_be_judged() -> None:
    assert set(states(judge(traffic(sessions=20))).values()) == {"insufficient_data"}


def test_no_events_and_no_purchases_cannot_be_judged() -> None:
    assert states(judge([])) == {"ctr": "insufficient_data", "revenue": "insufficient_data"}
    assert states(judge(traffic(bought=0.0)))["revenue"] == "insufficient_data"


def test_simulated_events_are_told_apart() -> None:
    assert judge(traffic(simulated=True)).simulated
    assert not judge(traffic()).simulated


def test_clicks_of_a_fashion_site_in_one_week_are_steady(shared_data) -> None:  # type: ignore[no-untyped-def]
    log = pd.read_parquet(shared_data / "obd_zozo" / "events.parquet")
    part = log[(log["campaign"] == "men") & (log["policy"] == "bts")]
    shown = [
        Event(event_id=row.event_id, type="impression", time=row.timestamp,
              session_id=row.event_id, query_id=row.event_id, product_id=str(row.item_id))
        for row in part.itertuples()
    ]  # fmt: skip
    clicks = [
        event.model_copy(update={"type": "click", "event_id": f"{event.event_id}-c"})
        for event, click in zip(shown, part["click"], strict=True)
        if click
    ]

    drift = judge(shown + clicks)

    assert states(drift) == {"ctr": "healthy", "revenue": "insufficient_data"}
    assert drift.checks[0].value == pytest.approx(0, abs=0.6)
