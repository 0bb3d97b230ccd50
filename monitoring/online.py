"""CTR and revenue of the later half of the traffic against the earlier half."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitoring.config import MonitoringConfig
from monitoring.verdict import Check
from uniecs.experiments.metrics import (
    OnlineMetrics,
    currency_of,
    first_clicks,
    online_metrics,
    revenue_of,
    shoppers_of,
)
from uniecs.experiments.statistics import Ratio, relative_change

if TYPE_CHECKING:
    import pandas as pd
    from evidently.core.report import Snapshot


@dataclass(frozen=True)
class OnlineDrift:
    """Outcome of the online part.

    Attributes:
        checks: CTR, and revenue of every currency.
        snapshot: Evidently's report; None when a period is empty.
        simulated: True when any event came from the simulation.
    """

    checks: list[Check]
    snapshot: "Snapshot | None"
    simulated: bool


def compare_periods(events: "pd.DataFrame", config: MonitoringConfig) -> OnlineDrift:
    """Judge the later half of the traffic by the earlier half.

    An event belongs to the period in which its query (or session) began, so a purchase that comes
    back weeks later is taken off the period that sold it.

    Args:
        events: A table of events.
        config: Thresholds.
    """
    earlier, later = _halves(events)
    before, after = online_metrics(earlier), online_metrics(later)
    checks = [_ctr_check(before, after, config), *_revenue_checks(before, after, config)]
    simulated = before.simulated or after.simulated
    snapshot = None
    if before.shoppers and after.shoppers:
        currencies = sorted(before.revenue.keys() & after.revenue.keys())
        snapshot = _report(earlier, later, currencies, " (simulated)" if simulated else "")
    return OnlineDrift(checks, snapshot, simulated)


def _halves(events: "pd.DataFrame") -> "tuple[pd.DataFrame, pd.DataFrame]":
    """Events of the queries that began before the median query, and of the others."""
    visit = events["query_id"].fillna(events["session_id"]).fillna(events["event_id"])
    began = events.groupby(visit)["time"].min()
    if events.empty:
        return events, events
    late = visit.map(began >= began.sort_values().iloc[len(began) // 2]).astype(bool)
    return events[~late], events[late]


def _ctr_check(before: OnlineMetrics, after: OnlineMetrics, config: MonitoringConfig) -> Check:
    shown = int(min(before.ctr.denominator, after.ctr.denominator))
    clicked = int(min(before.ctr.numerator, after.ctr.numerator))
    if shown < config.min_impressions or max(before.ctr.numerator, 0) < config.min_clicks:
        sentence = (
            f"Only {shown:,} impressions and {clicked:,} clicks in the smaller period; "
            f"{config.min_impressions:,} and {config.min_clicks:,} are needed to judge CTR."
        )
        return Check("ctr", "online", None, None, shown, "insufficient_data", sentence)
    sentence = f"CTR: {_percent(before.ctr)} before, {_percent(after.ctr)} now."
    return _drop_check("ctr", (before.ctr, after.ctr), shown, sentence, config)


def _revenue_checks(
    before: OnlineMetrics, after: OnlineMetrics, config: MonitoringConfig
) -> list[Check]:
    orders = {
        name: min(before.orders.get(name, 0), after.orders.get(name, 0))
        for name in sorted(before.revenue.keys() | after.revenue.keys())
    }
    enough = {name for name in orders if before.orders.get(name, 0) >= config.min_orders}
    checks = []
    for name, few in orders.items():
        if name in enough:
            pair = before.revenue[name], after.revenue.get(name, _nothing(after))
            sentence = (
                f"Revenue per shopper in {name}, net of returns: {_amount(pair[0])} before, "
                f"{_amount(pair[1])} now."
            )
            checks.append(_drop_check(f"revenue_{name}", pair, few, sentence, config))
            continue
        sentence = (
            f"Only {before.orders.get(name, 0):,} purchases in {name} in the earlier period; "
            f"{config.min_orders:,} are needed to judge revenue."
        )
        check = Check(
            f"revenue_{name}", "online", None, None, few, "insufficient_data", sentence,
            optional=bool(enough),
        )  # fmt: skip
        checks.append(check)
    if not checks:
        sentence = "No purchases at all: revenue cannot be judged."
        checks = [Check("revenue", "online", None, None, 0, "insufficient_data", sentence)]
    return checks


def _drop_check(
    name: str, pair: tuple[Ratio, Ratio], n: int, sentence: str, config: MonitoringConfig
) -> Check:
    """Drifted when the whole 95 % interval of the change lies below the threshold."""
    change = relative_change(*pair)
    if change is None or change.interval is None or change.value is None:
        reason = f"{sentence} The uncertainty of the change cannot be computed."
        return Check(name, "online", None, None, n, "insufficient_data", reason)
    low, high = change.interval
    return Check(
        name=name,
        part="online",
        value=change.value,
        threshold=-config.drop,
        n=n,
        state="drifted" if high < -config.drop else "healthy",
        sentence=f"{sentence} Change {change.value:+.1%} (95% interval {low:+.1%} to {high:+.1%}).",
    )


def _nothing(metrics: OnlineMetrics) -> Ratio:
    """Revenue of a currency that nobody paid in: zero, with certainty."""
    return Ratio(0.0, 0.0, metrics.shoppers, 0.0, float(metrics.shoppers))


def _percent(ratio: Ratio) -> str:
    return "unknown" if ratio.value is None else f"{ratio.value:.2%}"


def _amount(ratio: Ratio) -> str:
    return "unknown" if ratio.value is None else f"{ratio.value:,.2f}"


def _report(
    earlier: "pd.DataFrame", later: "pd.DataFrame", currencies: list[str], label: str
) -> "Snapshot":
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import RowCount

    from monitoring.online_metrics import RatioOfSums

    metrics: list[Any] = [
        RowCount(),
        RatioOfSums(
            numerator="clicks", denominator="impressions", title=f"Click-through rate{label}"
        ),
    ]
    for name in currencies:
        title = f"Revenue per shopper in {name}, net of returns{label}"
        metrics.append(
            RatioOfSums(numerator=f"revenue_{name}", denominator="shoppers", title=title)
        )
    sides = []
    for period in (earlier, later):
        table = _per_shopper(period, currencies)
        definition = DataDefinition(numerical_columns=list(table), categorical_columns=[])
        sides.append(Dataset.from_pandas(table, data_definition=definition))
    return Report(metrics).run(sides[1], sides[0])


def _per_shopper(events: "pd.DataFrame", currencies: list[str]) -> "pd.DataFrame":
    """One row per shopper: impressions, clicks, revenue of each currency, and a one."""
    import pandas as pd

    shopper = shoppers_of(events)
    amount, currency = revenue_of(events), currency_of(events)
    columns = {
        "impressions": (events["type"] == "impression").astype(float),
        "clicks": first_clicks(events, shopper).astype(float),
        **{f"revenue_{name}": amount.where(currency == name, 0.0) for name in currencies},
    }
    return pd.DataFrame(columns).groupby(shopper).sum().assign(shoppers=1.0).reset_index(drop=True)
