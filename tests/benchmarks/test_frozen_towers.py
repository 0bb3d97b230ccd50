"""The clock counts training alone, and the table says whether the goal is met."""

import pytest

from benchmarks import frozen_towers
from benchmarks.frozen_towers import Clock, table


def test_an_epoch_is_timed_from_step_to_step_and_asking_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    times = iter([10.0, 14.0, 20.0, 21.0, 22.0, 22.5, 24.0])
    monkeypatch.setattr(frozen_towers.time, "monotonic", lambda: next(times))
    clock = Clock()

    for kind in ("pictures", "states", "states", "step", "step", "states", "step"):
        clock(kind, {})

    assert clock.asked == 10.0
    assert clock.epoch_seconds(epochs=1) == pytest.approx(4.5)  # three steps of 1.5 s
    assert Clock().epoch_seconds(epochs=1) is None


@pytest.mark.parametrize(
    ("frozen", "verdict"), [(1.0, "6.0 times faster (goal 5: met)"), (2.0, "missed")]
)
def test_the_table_judges_the_goal(frozen: float, verdict: str) -> None:
    row = {"asked_seconds": 0.0, "trained_weights": 5e6, "macro": 0.5, "tasks": {"T->I": 0.25}}

    text = table(
        {"full": {**row, "epoch_seconds": 6.0}, "frozen": {**row, "epoch_seconds": frozen}}
    )

    assert verdict in text
    assert "| full | 6.0 | 0.0 | 5.00 M | 0.500 | 0.250 |" in text
