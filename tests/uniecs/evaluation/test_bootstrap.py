import numpy as np
import pytest

from uniecs.evaluation.bootstrap import Sample, interval, macro_means, resample


def sample(values, units=None):
    column = np.asarray(values, dtype=float)[:, None]
    return Sample(units or [f"p{n}" for n in range(len(column))], column)


def test_the_interval_of_a_share_is_that_of_the_normal_approximation():
    hits = np.r_[np.ones(300), np.zeros(700)]

    low, high = interval(resample({"a": sample(hits)}, samples=2000, seed=1)["a"])

    half = 1.96 * np.sqrt(0.3 * 0.7 / 1000)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), abs=0.004)


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    values = sample(np.random.default_rng(0).random(50))

    one, again, other = (resample({"a": values}, samples=200, seed=s)["a"] for s in (1, 1, 2))

    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_unit_is_drawn_in_all_tasks_or_in_none():
    values = np.random.default_rng(0).random(40)

    means = resample({"a": sample(values), "b": sample(1 - values)}, samples=200, seed=0)

    assert means["a"] + means["b"] == pytest.approx(np.ones((200, 1)))
    assert interval(macro_means(means)) == pytest.approx((0.5, 0.5))


def test_two_queries_about_one_product_are_not_independent_evidence():
    values = np.random.default_rng(0).random(100)
    twice = Sample([f"p{n}" for n in range(100)] * 2, np.r_[values, values][:, None])

    once = resample({"a": sample(values)}, samples=500, seed=0)["a"]
    both = resample({"a": twice}, samples=500, seed=0)["a"]

    assert np.std(both) == pytest.approx(np.std(once))


def test_equal_values_give_an_interval_of_one_point():
    assert interval(
        resample({"a": sample([0.25] * 30)}, samples=100, seed=0)["a"]
    ) == pytest.approx((0.25, 0.25))


def test_a_task_without_queries_has_the_interval_zero():
    empty = Sample([], np.zeros((0, 1)))

    means = resample({"a": sample([1.0, 0.0]), "b": empty}, samples=100, seed=0)

    assert interval(means["b"][:, 0]) == (0.0, 0.0)
    assert interval(macro_means(means)) == interval(means["a"])


def test_no_queries_at_all_give_the_interval_zero():
    means = resample({"a": Sample([], np.zeros((0, 1)))}, samples=100, seed=0)

    assert interval(macro_means(means)) == (0.0, 0.0)
