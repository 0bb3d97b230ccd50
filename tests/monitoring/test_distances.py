"""Distances and the noise that they are judged against."""

import numpy as np
import pandas as pd
import pytest
from evidently.legacy.calculations.stattests import jensenshannon_stat_test, wasserstein_stat_test
from evidently.legacy.core import ColumnType
from evidently.metrics.embeddings import MMDDriftMethod
from sklearn.metrics import pairwise_distances, pairwise_kernels

from monitoring.calibration import noise_level
from monitoring.distances import jensen_shannon, mean_discrepancy, wasserstein


def test_wasserstein_equals_evidently() -> None:
    rng = np.random.default_rng(0)
    values = np.r_[rng.lognormal(3, 1, 300).round(0), rng.lognormal(3.2, 1, 170).round(0)]
    mask = np.arange(470) < 300

    theirs = wasserstein_stat_test(
        pd.Series(values[mask]), pd.Series(values[~mask]), ColumnType.Numerical, None
    )

    assert wasserstein(values)(mask, ~mask) == pytest.approx(theirs.drift_score)


def test_jensen_shannon_equals_evidently_with_a_category_on_one_side_only() -> None:
    rng = np.random.default_rng(0)
    codes = np.r_[rng.integers(0, 6, 200), rng.integers(2, 9, 150)]
    mask = np.arange(350) < 200
    words = pd.Series([f"kind {code}" for code in codes])

    theirs = jensenshannon_stat_test(words[mask], words[~mask], ColumnType.Categorical, None)

    assert jensen_shannon(codes)(mask, ~mask) == pytest.approx(theirs.drift_score, rel=1e-6)


def test_mean_discrepancy_equals_evidently() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(120, 5)), rng.normal(0.4, 1, size=(90, 5))
    width = np.median(pairwise_distances(first, second))
    kernel = pairwise_kernels(np.vstack([first, second]), metric="rbf", gamma=1 / width**2)

    theirs, _, _ = MMDDriftMethod()(pd.DataFrame(second), pd.DataFrame(first))

    ours = mean_discrepancy(kernel)(np.arange(210) < 120, np.arange(210) >= 120)
    assert ours == pytest.approx(theirs, rel=1e-3)


def test_noise_counts_groups_not_rows() -> None:
    """Ten copies of every value carry no more evidence than one."""
    rng = np.random.default_rng(0)
    single = rng.normal(size=200)
    copied = np.repeat(single, 10)
    arguments = {"rounds": 100, "sigmas": 3.0, "seed": 0}

    once = noise_level(wasserstein(single), np.arange(200), np.arange(200) < 100, **arguments)
    tenfold = noise_level(
        wasserstein(copied), np.repeat(np.arange(200), 10), np.arange(2000) < 1000, **arguments
    )
    by_row = noise_level(wasserstein(copied), np.arange(2000), np.arange(2000) < 1000, **arguments)

    assert tenfold == pytest.approx(once, rel=0.2)
    assert by_row < once / 2


def test_two_snapshots_of_the_same_products_have_no_noise() -> None:
    values = np.tile(np.random.default_rng(0).normal(size=300), 2)

    noise = noise_level(
        wasserstein(values), np.tile(np.arange(300), 2), np.arange(600) < 300,
        rounds=50, sigmas=4.0, seed=0,
    )  # fmt: skip

    assert noise == pytest.approx(0.0)


def test_products_that_went_are_compared_with_products_that_might_have_gone() -> None:
    """All cheap products are withdrawn: chance would have withdrawn some of every price."""
    values = np.linspace(0, 1, 400)
    pool = np.r_[values, values[100:]]
    groups = np.r_[np.arange(400), np.arange(100, 400)]
    reference = np.arange(700) < 400
    distance = wasserstein(pool)

    noise = noise_level(distance, groups, reference, rounds=100, sigmas=4.0, seed=0)

    assert 0 < noise < distance(reference, ~reference) / 3
