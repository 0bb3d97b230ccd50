import numpy as np
import pytest

from uniecs.evaluation.chance import chance_of_hit


def test_chance_equals_the_share_of_random_rankings_that_hit():
    rng = np.random.default_rng(0)
    drawn = np.argsort(rng.random((20_000, 60)), axis=1)[:, :10]
    hit = (drawn < 3).any(axis=1).mean()

    assert chance_of_hit([3], pool=60) == pytest.approx(hit, abs=0.01)


def test_a_pool_of_ten_or_fewer_is_always_hit():
    assert chance_of_hit([1, 2], pool=8) == 1.0


def test_without_queries_there_is_no_chance():
    assert chance_of_hit([], pool=50) == 0.0
