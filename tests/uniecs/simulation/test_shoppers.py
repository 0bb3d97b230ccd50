"""Seeded shoppers: repeatable, sensitive to the answers, and marked as simulated."""

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from uniecs.catalog.queries import Query
from uniecs.catalog.reading import Catalog
from uniecs.experiments.event_store import EventStore
from uniecs.experiments.events import event_table
from uniecs.experiments.metrics import online_metrics
from uniecs.settings import Settings
from uniecs.simulation.config import SimulationConfig
from uniecs.simulation.market import Market
from uniecs.simulation.shoppers import Ranker, simulate

CATALOG_SIZE = 300


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("shop")
    rows = [
        {
            "product_id": f"p{n}", "group_id": f"g{n // 3}", "title": f"Thing {n}",
            "category": f"All > Kind {n % 10}", "brand": f"Brand {n % 7}",
            "price": 5.0 + n % 40, "currency": "EUR" if n % 2 else "USD",
            "attributes": {"color": ["red", "blue", "green"][n % 3]},
        }
        for n in range(CATALOG_SIZE)
    ]  # fmt: skip
    (folder / "catalog.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    return Catalog(folder)


def at_rank(rank: int | None) -> Ranker:
    """A ranker that finds the wanted product at a rank, among unrelated ones; None: never."""

    def ranker(queries: Sequence[Query], k: int) -> list[list[tuple[str, float]]]:
        answers = []
        for query in queries:
            wanted = int(str(query.source_product_id)[1:])
            ids = [f"p{(wanted + 70 * n + 5) % CATALOG_SIZE}" for n in range(k)]
            if rank is not None:
                ids[rank - 1] = f"p{wanted}"
            answers.append([(product_id, -float(n)) for n, product_id in enumerate(ids)])
        return answers

    return ranker


def test_the_same_seed_gives_the_same_events_and_another_seed_others(shop: Catalog) -> None:
    config = SimulationConfig(sessions=80)

    first, again = simulate(shop, at_rank(2), config), simulate(shop, at_rank(2), config)
    other = simulate(shop, at_rank(2), config.model_copy(update={"seed": 8}))

    assert first == again
    assert {event.event_id for event in first}.isdisjoint(event.event_id for event in other)


def test_answers_that_changed_under_one_config_are_traffic_of_its_own(
    shop: Catalog, settings: Settings
) -> None:
    config, store = SimulationConfig(sessions=40, release="r-1"), EventStore(settings)
    before, after = (simulate(shop, at_rank(rank), config) for rank in (3, 1))

    stored = [store.append(events) for events in (before, after, before)]

    assert stored == [len(before), len(after), 0]
    for name in ("event_id", "query_id", "user_id", "session_id"):
        ids, others = ({getattr(event, name) for event in events} for events in (before, after))
        assert ids.isdisjoint(others)


def test_behaviour_that_changed_on_the_same_answers_has_ids_of_its_own(
    shop: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = SimulationConfig(sessions=40)
    before = simulate(shop, at_rank(1), config)
    monkeypatch.setattr(Market, "relevance", lambda _self, _wanted, shown: (shown >= 0) * 0.4)

    after = simulate(shop, at_rank(1), config)

    assert {event.event_id for event in before}.isdisjoint(event.event_id for event in after)


def test_every_event_is_marked_and_carries_its_release(shop: Catalog) -> None:
    config = SimulationConfig(sessions=50, variant="b", release="r-1")

    events = simulate(shop, at_rank(1), config)

    assert {(event.simulated, event.variant, event.release) for event in events} == {
        (True, "b", "r-1")
    }
    assert len({event.event_id for event in events}) == len(events)
    assert [event.time for event in events] == sorted(event.time for event in events)


def test_better_answers_earn_more_clicks_and_revenue(shop: Catalog) -> None:
    config = SimulationConfig(sessions=1000)

    found = {
        rank: online_metrics(event_table(simulate(shop, at_rank(rank), config)))
        for rank in (1, 8, None)
    }

    clicks = [found[rank].ctr.value for rank in (1, 8, None)]
    revenue = [found[rank].revenue["EUR"].value for rank in (1, 8, None)]
    assert clicks == sorted(clicks, reverse=True)
    assert revenue == sorted(revenue, reverse=True)
    assert revenue[0] > 2 * revenue[1]


def test_clicks_fall_with_the_position_of_equal_hits(shop: Catalog) -> None:
    config = SimulationConfig(sessions=2500, stray_clicks=0.3)

    table = event_table(simulate(shop, at_rank(None), config))

    clicks = table[table["type"] == "click"].groupby("position").size()
    assert clicks[1] > clicks[5] > clicks[10] > 0
    seen = 0.85 ** np.arange(10)
    assert clicks.to_numpy() / clicks[1] == pytest.approx(seen, abs=0.12)


def test_nobody_buys_twice_in_a_session_and_returns_follow_purchases(shop: Catalog) -> None:
    config = SimulationConfig(sessions=1000, buy_rate=1.0, return_rate=0.5)

    table = event_table(simulate(shop, at_rank(1), config))

    bought = table[table["type"] == "purchase"].set_index("session_id")["time"]
    returned = table[table["type"] == "return"].set_index("session_id")["time"]
    assert bought.index.is_unique
    assert 0.4 < len(returned) / len(bought) < 0.6
    assert (returned > bought.reindex(returned.index)).all()


def test_dearer_hits_are_bought_less_and_unpriced_ones_never(shop: Catalog) -> None:
    market = Market(shop.products)
    market.price[:4] = [10.0, 10.0, 20.0, np.nan]
    market._currency[:4] = 0

    fit = market.affordability(np.array([0]), np.array([[1, 2, 3, -1]]), sensitivity=1.0)

    assert fit[0] == pytest.approx([1.0, 0.5, 0.0, 0.0])


def test_two_thousand_sessions_cost_seconds_beside_the_search(shop: Catalog) -> None:
    start = time.process_time()

    events = simulate(shop, at_rank(3), SimulationConfig(sessions=2000))

    assert len(events) > 20_000
    assert time.process_time() - start < 10


def test_queries_are_words_pictures_or_both_of_the_wanted_product(
    shared_data: Path,
) -> None:
    catalog = Catalog(shared_data / "open_demo")
    asked: list[Query] = []

    def listen(queries: Sequence[Query], k: int) -> list[list[tuple[str, float]]]:
        asked.extend(queries)
        return [[] for _ in queries]

    assert simulate(catalog, listen, SimulationConfig(sessions=400)) == []

    kinds = {(bool(query.text), query.image is not None) for query in asked}
    assert kinds == {(True, False), (False, True), (True, True)}
    for query in asked:
        source = catalog.by_id[str(query.source_product_id)]
        assert query.image is None or query.image.is_file()
        assert all(word in source.full_text for word in query.text.split())
