"""The schema of events and reading them from files."""

import json
from pathlib import Path

import pandas as pd
import pytest

from uniecs.errors import EventError
from uniecs.experiments.event_files import read_events
from uniecs.experiments.events import EVENT_COLUMNS, Event

CLICK = {
    "event_id": "e1", "type": "click", "time": "2026-11-22T10:00:00.000001Z", "query_id": "q",
    "session_id": "s", "product_id": "p", "position": 3,
}  # fmt: skip


def write(path: Path, rows: list[object]) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows))
    return path


def test_jsonl_and_parquet_give_the_same_table(tmp_path: Path) -> None:
    rows = [CLICK, {**CLICK, "event_id": "e2", "type": "purchase", "price": 2.5, "currency": "USD"}]
    pd.DataFrame(rows).to_parquet(tmp_path / "events.parquet")

    table = read_events(write(tmp_path / "events.jsonl", rows))

    assert tuple(table.columns) == EVENT_COLUMNS
    assert table["time"].dt.microsecond.tolist() == [1, 1]
    pd.testing.assert_frame_equal(table, read_events(tmp_path / "events.parquet"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "view"}, ["type", "'view'"]),
        ({"session_id": None}, ["user_id or a session_id"]),
        ({"time": "yesterday"}, ["time", "'yesterday'"]),
        ({"position": 0}, ["position", "'0'"]),
        ({"product_id": ""}, ["product_id"]),
        ({"type": "purchase"}, ["purchase needs a price"]),
        ({"price": -1.0}, ["price", "'-1.0'"]),
    ],
)
def test_a_malformed_event_is_named_with_row_column_and_value(
    tmp_path: Path, change: dict[str, object], words: list[str]
) -> None:
    path = write(tmp_path / "events.jsonl", [CLICK, {**CLICK, **change}])

    with pytest.raises(EventError) as refused:
        read_events(path)

    assert all(word in str(refused.value) for word in ["row 1", *words])


def test_unreadable_files_are_refused_with_one_message(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    (tmp_path / "broken.jsonl").write_bytes(b'{"event_id": \xff\n')
    (tmp_path / "events.csv").write_text("event_id\n")

    for name in ("broken.parquet", "broken.jsonl", "events.csv", "absent.jsonl"):
        with pytest.raises(EventError, match=name):
            read_events(tmp_path / name)


def test_a_purchase_of_negative_value_is_a_return() -> None:
    purchase = {**CLICK, "type": "purchase", "price": 4.0, "quantity": -2, "currency": "GBP"}

    event = Event.model_validate(purchase)

    assert (event.type, event.price, event.quantity, event.sign) == ("return", 4.0, 2.0, -1)


def test_a_time_without_a_zone_is_utc() -> None:
    event = Event.model_validate({**CLICK, "time": "2026-11-22T10:00:00"})

    assert event.time.isoformat() == "2026-11-22T10:00:00+00:00"


def test_an_empty_file_is_an_empty_table(tmp_path: Path) -> None:
    table = read_events(write(tmp_path / "events.jsonl", []))

    assert len(table) == 0
    assert str(table["time"].dtype) == "datetime64[us, UTC]"
