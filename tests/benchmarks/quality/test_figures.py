"""Figures come from finished runs of equal settings, and tests from equal questions."""

import json
from pathlib import Path

import pytest

from benchmarks.quality.arms import Run
from benchmarks.quality.figures import Results
from benchmarks.quality.running import RESULT, finished, run_folder
from tests.benchmarks.quality.conftest import Leave
from uniecs.errors import UsageError

OURS, TOWERS = Run("demo", "ours", 0), Run("demo", "towers", 0)


def test_a_run_of_other_settings_has_not_finished(leave: Leave, tmp_path: Path) -> None:
    assert not finished(tmp_path, OURS)
    leave(OURS, {"T->I": "10"})
    assert finished(tmp_path, OURS)

    leave(OURS, {"T->I": "10"}, config="before-a-default-changed")

    assert not finished(tmp_path, OURS)
    assert Results(tmp_path).macro("demo", "ours") is None


def test_figures_are_means_over_seeds_with_their_range(leave: Leave, tmp_path: Path) -> None:
    for seed, hits in enumerate(("1100", "1110", "1111")):
        leave(Run("demo", "ours", seed), {"T->I": hits})

    spread = Results(tmp_path).task("demo", "ours", "T->I")

    assert str(spread) == ".750 (.500 to 1.000, 3 seeds)"


def test_a_difference_on_every_product_is_significant_and_none_is_not(
    leave: Leave, tmp_path: Path
) -> None:
    leave(OURS, {"T->I": "1" * 40, "I->T": "1" * 20 + "-" * 20})
    leave(TOWERS, {"T->I": "0" * 40, "I->T": "0" * 20 + "-" * 20})
    results = Results(tmp_path)

    assert results.p_value("demo", "ours", "towers") < 0.001
    assert results.p_value("demo", "ours", "ours") == 1.0
    assert results.p_value("demo", "ours", "released") is None


def test_a_lead_counts_the_seeds_that_both_have(leave: Leave, tmp_path: Path) -> None:
    for seed, hits in enumerate(("1100", "1110", "1111")):
        leave(Run("demo", "ours", seed), {"T->I": hits})
    leave(Run("demo", "towers", 1), {"T->I": "1000"})
    results = Results(tmp_path)

    assert results.lead("demo", "ours", "towers") == pytest.approx(0.5)
    assert results.lead("demo", "ours", "released") is None


def test_answers_about_another_state_of_the_catalog_are_not_compared(
    leave: Leave, tmp_path: Path
) -> None:
    leave(OURS, {"T->I": "10"})
    leave(TOWERS, {"T->I": "01"}, catalog_digest="other")

    with pytest.raises(UsageError, match="different states of demo"):
        Results(tmp_path).p_value("demo", "ours", "towers")


def test_results_in_the_repository_hold_no_contents_of_a_catalog() -> None:
    folder = Path(__file__).parents[3] / "benchmarks" / "results" / "quality"
    for path in folder.glob(f"*/*/{RESULT}"):
        kept = json.loads(path.read_text())
        assert all(set(row) <= set("01-") for row in kept["hits"].values())
        assert run_folder(folder, Run(path.parts[-3], *_arm(path))).is_dir()


def _arm(path: Path) -> tuple[str, int]:
    arm, _, seed = path.parts[-2].rpartition("-")
    return arm, int(seed)
