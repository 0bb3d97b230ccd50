"""Intervals of ratio metrics."""

import numpy as np
import pytest
from scipy import stats

from uniecs.experiments.statistics import ratio_of_sums, relative_change


def test_the_delta_error_agrees_with_a_bootstrap_over_units() -> None:
    rng = np.random.default_rng(0)
    shown = rng.integers(1, 40, 800).astype(float)
    clicks = rng.binomial(shown.astype(int), rng.beta(2, 20, 800)).astype(float)

    ratio = ratio_of_sums(clicks, shown)

    twin = stats.bootstrap(
        (clicks, shown), lambda y, x, axis: y.sum(axis) / x.sum(axis), paired=True,
        vectorized=True, n_resamples=2000, rng=rng, method="basic",
    )  # fmt: skip
    assert ratio.value == pytest.approx(clicks.sum() / shown.sum())
    assert ratio.stderr == pytest.approx(twin.standard_error, rel=0.07)


def test_one_impression_per_unit_gives_the_binomial_error() -> None:
    clicks = np.r_[np.ones(69), np.zeros(9931)]

    ratio = ratio_of_sums(clicks, np.ones(10_000))

    assert ratio.stderr == pytest.approx(np.sqrt(0.0069 * 0.9931 / 10_000), rel=1e-3)


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        shown = rng.integers(5, 30, 300)
        rate = rng.beta(3, 27, 300)  # shoppers differ: mean 0.1
        low, high = ratio_of_sums(rng.binomial(shown, rate).astype(float), shown * 1.0).interval
        covered += low <= 0.1 <= high

    assert 0.92 <= covered / 400 <= 0.98


def test_without_a_denominator_there_is_no_value_and_with_one_unit_no_error() -> None:
    nothing = ratio_of_sums(np.zeros(3), np.zeros(3))
    single = ratio_of_sums(np.ones(1), np.full(1, 4.0))

    assert (nothing.value, nothing.interval) == (None, None)
    assert (single.value, single.interval) == (0.25, None)


def test_a_relative_change_carries_the_error_of_both_sides() -> None:
    rng = np.random.default_rng(1)
    before = ratio_of_sums(rng.binomial(10, 0.2, 500) * 1.0, np.full(500, 10.0))
    after = ratio_of_sums(rng.binomial(10, 0.1, 500) * 1.0, np.full(500, 10.0))

    change = relative_change(before, after)

    assert change is not None
    assert change.interval is not None
    assert change.interval[0] < -0.5 < change.interval[1]
    assert change.interval[1] < -0.3
