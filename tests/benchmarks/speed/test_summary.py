"""Medians, ratios with intervals, and when two arms differ by no more than the machine does."""

import numpy as np
import pytest

from benchmarks.speed.summary import Timing, own_spread, ratio


def test_a_timing_names_median_tail_best_and_count() -> None:
    timing = Timing.of([3.0, 1.0, 2.0])

    assert (timing.median, timing.min, timing.n) == (2.0, 1.0, 3)
    assert timing.p95 == pytest.approx(2.9)


def test_an_arm_that_is_twice_as_slow_has_a_ratio_of_two_within_a_narrow_interval() -> None:
    fast = np.random.default_rng(0).normal(1.0, 0.05, 40).tolist()

    found = ratio([2 * value for value in fast], fast)

    assert found.ratio == pytest.approx(2.0)
    assert found.low == pytest.approx(2.0, abs=0.1)
    assert found.high == pytest.approx(2.0, abs=0.1)


def test_a_busy_round_that_hits_both_arms_does_not_widen_the_interval_as_one_that_hits_one() -> (
    None
):
    quiet = [1.0] * 10
    busy = [1.0, 5.0] * 5

    both, one = ratio(busy, busy), ratio(busy, quiet)

    assert (both.low, both.high) == (1.0, 1.0)
    assert one.high > 2


def test_the_same_trials_give_the_same_interval() -> None:
    a, b = [1.0, 2.0, 4.0, 3.0], [1.0, 1.5, 2.0, 2.5]

    assert ratio(a, b) == ratio(a, b)


def test_an_arm_against_itself_is_one_and_needs_four_trials() -> None:
    assert own_spread([1.0, 1.0, 1.0]) is None
    spread = own_spread([1.0, 1.1, 1.0, 1.1, 1.0, 1.1])
    assert spread is not None
    assert spread.ratio == pytest.approx(1 / 1.1)
