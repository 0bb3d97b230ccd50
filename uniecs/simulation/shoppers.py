"""Seeded shoppers: each wants one product, searches for it, looks, clicks and buys."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from uniecs.catalog.queries import Query
from uniecs.catalog.reading import Catalog
from uniecs.experiments.events import Event, EventType
from uniecs.simulation.config import SimulationConfig
from uniecs.simulation.market import Floats, Market, Rows
from uniecs.simulation.queries import shopper_query

Ranker = Callable[[Sequence[Query], int], list[list[tuple[str, float]]]]
"""Top-k product ids with scores for each query: what evaluation takes, and a search engine's."""

_BATCH = 64  # queries handed to the ranker at a time


def simulate(
    catalog: Catalog,
    ranker: Ranker,
    config: SimulationConfig | None = None,
    *,
    progress: Callable[[int], None] | None = None,
) -> list[Event]:
    """Let shoppers really search, and record what they do; every event is marked simulated.

    Examination follows the cascade of position bias (a shopper who looked at a rank goes on with
    ``patience``); clicks follow relevance to the product in mind, purchases also its price. Better
    answers therefore earn more clicks and revenue, worse ones fewer: that is all that the figures
    may be used for. They say nothing of real shoppers.

    Args:
        catalog: Where the wanted products come from.
        ranker: Answers the queries.
        config: Size and behaviour of the traffic.
        progress: Called with the number of sessions answered so far.

    Returns:
        Events in order of time.
    """
    config = config or SimulationConfig()
    rng = np.random.default_rng(config.seed)
    market = Market(catalog.products)
    wanted = rng.integers(0, len(market.products), config.sessions)
    shown = np.full((config.sessions, config.top_k), -1, dtype=np.int64)
    for start in range(0, config.sessions, _BATCH):
        sessions = range(start, min(start + _BATCH, config.sessions))
        queries = [
            shopper_query(catalog, market.products[wanted[s]], f"q{s}", config=config, rng=rng)
            for s in sessions
        ]
        for s, hits in zip(sessions, ranker(queries, config.top_k), strict=True):
            rows = [market.row_of.get(product_id, -1) for product_id, _ in hits[: config.top_k]]
            shown[s, : len(rows)] = rows
        if progress is not None:
            progress(sessions.stop)
    events = list(_behave(market, wanted, shown, config=config, rng=rng))
    events.sort(key=lambda event: (event.time, event.event_id))
    return _named(events, f"{config.model_dump_json()}{catalog.digest}")


def _behave(
    market: Market,
    wanted: Rows,
    shown: Rows,
    *,
    config: SimulationConfig,
    rng: np.random.Generator,
) -> Iterator[Event]:
    """Events whose ids tell them apart within this traffic only."""
    clicked, bought, returned = _decide(market, wanted, shown, config=config, rng=rng)
    shoppers = rng.integers(0, max(1, int(len(wanted) / config.sessions_per_shopper)), len(wanted))
    starts = np.sort(rng.random(len(wanted))) * config.duration.total_seconds()
    pauses = rng.gamma(2.0, 6.0, shown.shape)  # seconds until a hit is clicked
    days = rng.uniform(1.0, 10.0, shown.shape)  # until a purchase comes back

    def event(kind: EventType, s: int, k: int, after: float) -> Event:
        product = market.products[shown[s, k]]
        moment: datetime = config.start + timedelta(seconds=float(starts[s]) + after)
        return Event(
            event_id=f"{s}-{k}-{kind}",
            type=kind,
            time=moment,
            query_id=f"q{s}",
            user_id=f"u{shoppers[s]}",
            session_id=f"s{s}",
            variant=config.variant,
            release=config.release,
            product_id=product.product_id,
            position=k + 1,
            price=product.price,
            currency=product.currency,
            simulated=True,
        )

    for s, k in np.argwhere(shown >= 0).tolist():
        yield event("impression", s, k, 0.0)
        if not clicked[s, k]:
            continue
        pause = float(pauses[s, : k + 1].sum())
        yield event("click", s, k, pause)
        if bought[s, k]:
            yield event("add_to_cart", s, k, pause + 20)
            yield event("purchase", s, k, pause + 120)
            if returned[s, k]:
                yield event("return", s, k, float(days[s, k]) * 86_400)


def _decide(
    market: Market,
    wanted: Rows,
    shown: Rows,
    *,
    config: SimulationConfig,
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """[S, K] what is clicked, bought and returned; at most one purchase a session."""
    relevance = market.relevance(wanted, shown)
    goes_on: Floats = (rng.random(shown.shape) < config.patience).astype(float)
    goes_on[:, 0] = 1.0  # the first hit is always seen
    examined = np.cumprod(goes_on, axis=1) > 0
    attraction = config.stray_clicks + (1 - config.stray_clicks) * relevance**2
    clicked = examined & (shown >= 0) & (rng.random(shown.shape) < attraction)
    fit = market.affordability(wanted, shown, sensitivity=config.price_sensitivity)
    willing = rng.random(shown.shape) < config.buy_rate * relevance * fit
    bought = clicked & willing
    bought &= np.cumsum(bought, axis=1) == 1  # then the need is met
    returned = bought & (rng.random(shown.shape) < config.return_rate)
    return clicked, bought, returned


def _named(events: Sequence[Event], origin: str) -> list[Event]:
    """Prefix all ids with a digest of ``origin`` and of all that happened.

    The event store takes an id for one event only. Search or behaviour that changed since the last
    simulation, under the same config and release, is therefore other traffic with ids of its own.
    """
    digest = hashlib.sha256(origin.encode())
    for event in events:
        digest.update(event.model_dump_json().encode())
    name = f"sim-{digest.hexdigest()[:10]}"
    ids = ("event_id", "query_id", "user_id", "session_id")
    return [
        event.model_copy(update={each: f"{name}-{getattr(event, each)}" for each in ids})
        for event in events
    ]
