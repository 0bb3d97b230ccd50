"""Arms take turns, trial by trial, until a task has been seen often or long enough."""

from collections.abc import Callable

from benchmarks.speed.rounds import WARM_UP, Effort, take_turns


def arms(calls: list[str], seconds: dict[str, float]) -> dict[str, Callable[[str], float]]:
    def trial(name: str) -> Callable[[str], float]:
        def run(task: str) -> float:
            calls.append(f"{name}:{task}")
            return seconds[name]

        return run

    return {name: trial(name) for name in seconds}


def test_arms_alternate_within_every_round_and_warm_up_is_not_counted() -> None:
    calls: list[str] = []

    found = take_turns(arms(calls, {"a": 0.1, "b": 0.2}), ["t", "u"], Effort(trials=2))

    one_round = ["a:t", "b:t", "a:u", "b:u"]
    assert calls == one_round * (WARM_UP + 2)
    assert {key: len(value) for key, value in found.items()} == {
        ("a", "t"): 2,
        ("b", "t"): 2,
        ("a", "u"): 2,
        ("b", "u"): 2,
    }


def test_a_slow_arm_ends_the_task_after_its_seconds_with_equal_trials_for_all() -> None:
    found = take_turns(arms([], {"a": 1.0, "b": 25.0}), ["t"], Effort(trials=20, seconds=60))

    assert [len(trials) for trials in found.values()] == [3, 3]


def test_past_the_deadline_every_task_is_still_warmed_up_and_measured_once() -> None:
    calls: list[str] = []

    found = take_turns(arms(calls, {"a": 1.0}), ["t", "u"], Effort(deadline=0.0))

    assert [len(trials) for trials in found.values()] == [1, 1]
    assert calls == ["a:t", "a:u"] * 2
