"""The log of events: appended once, never lost once acknowledged."""

import random
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import create_engine, text

from uniecs.errors import EventError
from uniecs.experiments.event_store import EventStore
from uniecs.experiments.events import Event, event_table
from uniecs.settings import Settings

START = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Settings]:
    """Settings of both databases; on PostgreSQL in a schema of this test's own."""
    if request.param == "sqlite":
        yield settings
        return
    url = request.getfixturevalue("postgres_url")
    schema = f"uniecs_{uuid.uuid4().hex[:12]}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    own = f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"
    yield settings.model_copy(update={"database_url": own})
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


def event(number: int, **changes: object) -> Event:
    row = {
        "event_id": f"e{number:05d}", "type": "click", "time": START + timedelta(seconds=number),
        "query_id": "q", "user_id": "u", "product_id": "p", "position": 1, "release": "r1",
    }  # fmt: skip
    return Event.model_validate({**row, **changes})


def test_what_was_appended_is_read_back_exactly(store_settings: Settings) -> None:
    purchase = event(1, type="purchase", price=0.1, quantity=3, currency="EUR", simulated=True)
    events = [event(0, time=START + timedelta(microseconds=1)), purchase]

    EventStore(store_settings).append(events)

    pd.testing.assert_frame_equal(EventStore(store_settings).read(), event_table(events))


def test_an_event_sent_again_counts_once(store_settings: Settings) -> None:
    store = EventStore(store_settings)

    first = store.append([event(n) for n in range(1200)])
    again = store.append([event(n) for n in range(1190, 1210)] + [event(1200)])

    assert (first, again, len(store.read())) == (1200, 10, 1210)


def test_one_id_for_two_different_events_is_refused_whole(store_settings: Settings) -> None:
    store = EventStore(store_settings)
    store.append([event(1)])

    with pytest.raises(EventError, match=r"e00001.*product_id.*'p'.*'other'"):
        store.append([event(2), event(1, product_id="other")])

    assert store.read()["event_id"].tolist() == ["e00001"]


def test_reading_narrows_by_time_type_and_release(store_settings: Settings) -> None:
    store = EventStore(store_settings)
    store.append([event(0), event(1, type="impression"), event(2, release="r2"), event(3)])

    def ids(**narrow: object) -> list[str]:
        return store.read(**narrow)["event_id"].tolist()

    assert ids(since=START + timedelta(seconds=1)) == ["e00001", "e00002", "e00003"]
    assert ids(until=START + timedelta(seconds=1)) == ["e00000"]
    assert ids(release="r1", types=["click"]) == ["e00000", "e00003"]


def test_writers_that_overlap_store_every_event_once(store_settings: Settings) -> None:
    counts: list[int] = []

    def write(offset: int) -> None:
        store = EventStore(store_settings)
        counts.extend(store.append([event(n)]) for n in range(offset, offset + 30))

    EventStore(store_settings)
    threads = [threading.Thread(target=write, args=(offset,)) for offset in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(counts) == len(EventStore(store_settings).read()) == 50


WRITER = """
import sys
from uniecs.experiments.event_store import EventStore
from uniecs.experiments.events import Event
from uniecs.settings import Settings
store = EventStore(Settings(home=sys.argv[1], database_url=sys.argv[2] or None))
for n in range(100_000):
    store.append([Event(event_id=f"{n}-{k}", type="click", time="2026-11-22T10:00:00Z",
                        user_id="u", product_id="p") for k in range(7)])
    print(n, flush=True)
"""


def test_a_killed_writer_loses_nothing_that_it_acknowledged(store_settings: Settings) -> None:
    store = EventStore(store_settings)
    rng = random.Random(0)
    for _ in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, store_settings.home, store_settings.database_url or ""],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(rng.randint(1, 40))]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout.read().split()]
        writer.wait()

        batches = store.read()["event_id"].str.split("-").str[0].astype(int).value_counts()

        assert set(acknowledged) <= set(batches.index)
        assert set(batches) == {7}  # a batch is stored whole or not at all
