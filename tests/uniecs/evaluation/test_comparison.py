import shutil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.uniecs.evaluation.test_gates import hits, write_report
from uniecs.errors import DataError
from uniecs.evaluation.bootstrap import Sample
from uniecs.evaluation.comparison import ComparisonConfig, compare_reports, holm, p_values

CONFIG = ComparisonConfig(permutations=2000, samples=200)


def test_a_model_against_itself_differs_nowhere(tmp_path):
    one = write_report(tmp_path / "a", {"all": hits(0.6)}, model="m-a")
    shutil.copytree(one, tmp_path / "b")

    found = compare_reports(one, tmp_path / "b", CONFIG)

    assert found.differing == []
    assert (found.macro.difference, found.macro.p, found.macro.ci95) == (0.0, 1.0, (0.0, 0.0))
    assert {task.p_holm for task in found.tasks.values()} == {1.0}


def test_the_task_that_differs_is_named_and_the_sign_is_b_less_a(tmp_path):
    one = write_report(tmp_path / "a", {"all": hits(0.6)}, model="m-a")
    other = write_report(tmp_path / "b", {"all": hits(0.6), "T->I": hits(0.75)}, model="m-b")

    found = compare_reports(one, other, CONFIG)

    assert (found.a, found.b, found.differing) == ("m-a", "m-b", ["T->I"])
    task = found.tasks["T->I"]
    assert task.difference == pytest.approx(0.15)
    assert (task.a, task.b) == (pytest.approx(0.6), pytest.approx(0.75))
    assert task.ci95[0] < 0.15 < task.ci95[1]
    assert found.macro.difference == pytest.approx(0.15 / 9)
    back = compare_reports(other, one, CONFIG)
    assert back.tasks["T->I"].difference == pytest.approx(-0.15)
    assert back.tasks["T->I"].p == task.p


def test_what_one_test_would_find_nine_may_not():
    """Six queries of 400 differ in one task, all one way: p about .03 alone, .28 of nine."""
    same = Sample([f"q{n}" for n in range(400)], np.zeros((400, 1)))
    few = np.zeros((400, 1))
    few[:6] = 1
    tasks = dict.fromkeys("abcdefgh", same) | {"i": Sample(same.units, few)}

    _, *p = p_values(tasks, ComparisonConfig())

    assert p[8] == pytest.approx(2 / 2**6, abs=0.006)
    assert holm(p)[8] == pytest.approx(9 * p[8])


def test_p_values_equal_every_flip_counted_one_by_one():
    rng = np.random.default_rng(2)
    units = [f"q{n}" for n in range(10)]
    tasks = {name: Sample(units, rng.integers(-1, 2, (10, 1)).astype(float)) for name in "ab"}

    found = p_values(tasks, ComparisonConfig(permutations=50_000))

    values = np.column_stack([sample.values for sample in tasks.values()])
    values = np.column_stack([values.mean(axis=1), values])
    signs = np.array([[1 if flip >> n & 1 else -1 for n in range(10)] for flip in range(2**10)])
    exact = (np.abs(signs @ values) >= np.abs(values.sum(axis=0)) - 1e-9).mean(axis=0)
    assert found == pytest.approx(exact.tolist(), abs=0.01)


def test_nine_queries_of_one_product_flip_together():
    """Two products cannot be evidence, however many queries ask about them."""
    units = ["p1", "p2"] * 50

    [_, p] = p_values({"a": Sample(units, np.ones((100, 1)))}, CONFIG)

    assert p == pytest.approx(0.5, abs=0.05)


def test_under_no_difference_small_p_values_are_as_rare_as_they_should_be():
    rng = np.random.default_rng(0)
    config = ComparisonConfig(permutations=200)
    units = [f"q{n}" for n in range(60)]
    p = [p_values({"a": Sample(units, rng.normal(size=(60, 1)))}, config)[1] for _ in range(300)]

    assert np.mean(np.array(p) < 0.1) == pytest.approx(0.1, abs=0.05)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_correction_never_lowers_a_p_value_nor_swaps_two(p):
    corrected = holm(p)

    order = np.argsort(p, kind="stable")
    assert all(after >= before for after, before in zip(corrected, p, strict=True))
    assert (np.diff(np.array(corrected)[order]) >= 0).all()
    assert max(corrected) <= 1
    assert min(corrected) == pytest.approx(min(1, min(p) * len(p)))


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"digest": "c2"}, "catalog_digest is c1 in .*a and c2 in .*b"),
        ({"pool": 400}, "pools differ in size"),
        ({"queries": [f"x{n}" for n in range(400)]}, "7200 queries are in one report only"),
    ],
)
def test_reports_of_different_evaluations_are_refused(tmp_path, other, said):
    one = write_report(tmp_path / "a", {"all": hits(0.6)})
    two = write_report(tmp_path / "b", {"all": hits(0.6)}, **other)

    with pytest.raises(DataError, match=said):
        compare_reports(one, two)


def test_a_folder_without_a_report_is_refused(tmp_path):
    one = write_report(tmp_path / "a", {"all": hits(0.6)})

    with pytest.raises(DataError, match="no evaluation report"):
        compare_reports(one, tmp_path / "nothing")
