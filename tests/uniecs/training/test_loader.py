"""Batches come in order, are made ahead, and an error in the maker reaches the trainer."""

import threading
import time

import pytest

from uniecs.training.loader import AHEAD, Waiting, made_ahead


def test_order_is_kept() -> None:
    assert list(made_ahead(range(20), lambda n: n * n, Waiting())) == [n * n for n in range(20)]


def test_the_next_ones_are_made_while_one_is_worked_on() -> None:
    made: list[int] = []
    running = made_ahead(range(5), lambda n: made.append(n) or n, Waiting())

    assert next(running) == 0
    time.sleep(0.2)

    assert made == list(range(AHEAD + 1))


def test_an_error_reaches_the_one_who_waits() -> None:
    def make(number: int) -> int:
        if number == 2:
            raise ValueError("no such picture")
        return number

    running = made_ahead(range(5), make, Waiting())

    assert [next(running), next(running)] == [0, 1]
    with pytest.raises(ValueError, match="no such picture"):
        next(running)


def test_leaving_early_ends_the_thread() -> None:
    before = threading.active_count()
    running = made_ahead(range(100), lambda n: n, Waiting())
    next(running)

    running.close()

    assert threading.active_count() == before


def test_the_share_is_that_of_waiting_in_the_time_of_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    waiting = Waiting(seconds=1.0)
    for _ in made_ahead(range(4), lambda n: n, waiting):
        with waiting.working():
            now[0] += 0.75
        now[0] += 50  # a checkpoint
    now[0] += 100  # a validation

    assert waiting.worked == 3.0
    assert waiting.share == 0.25


def test_waiting_is_counted() -> None:
    slow = Waiting()
    list(made_ahead(range(3), lambda _n: time.sleep(0.05), slow))

    assert slow.seconds > 0.1
    assert slow.share == 1.0


def test_without_a_step_nothing_was_waited_for() -> None:
    assert Waiting().share == 0.0
