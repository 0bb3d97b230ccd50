"""Goals are judged by what ran, and what did not run is named."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.quality.__main__ import app
from benchmarks.quality.arms import Run
from benchmarks.quality.figures import Results
from benchmarks.quality.page import page
from tests.benchmarks.quality.conftest import Leave


def lift(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("| T->I: (c)"))


@pytest.mark.parametrize(
    ("theirs", "ours", "verdict"),
    [
        ("1" * 30 + "0" * 70, "1" * 39 + "0" * 61, "yes"),  # 30 % more
        ("1" * 30 + "0" * 70, "1" * 38 + "0" * 62, "**missed**"),  # 27 %
        ("1" * 80 + "0" * 20, "1" * 86 + "0" * 14, "yes"),  # 30 % fewer misses
        ("1" * 80 + "0" * 20, "1" * 85 + "0" * 15, "**missed**"),  # 25 %
    ],
)
def test_the_lift_is_relative_below_seventy_and_in_misses_above(
    leave: Leave, tmp_path: Path, theirs: str, ours: str, verdict: str
) -> None:
    leave(Run("demo", "towers", 0), {"T->I": theirs})
    leave(Run("demo", "ours", 0), {"T->I": ours})

    assert lift(page(Results(tmp_path))).endswith(f"| {verdict} |")


def test_what_has_not_run_is_named_and_no_goal_is_met_by_it(leave: Leave, tmp_path: Path) -> None:
    leave(Run("demo", "ours", 0), {"T->I": "10"})

    text = page(Results(tmp_path))

    assert "demo/towers/0" in text
    assert "demo/ours/0" not in text
    assert lift(text).endswith("| not run | - |")


def test_without_a_budget_nothing_runs_and_the_page_is_written(tmp_path: Path) -> None:
    target = tmp_path / "page.md"
    target.write_text("before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n")

    arguments = ["--budget-minutes", "0", "--out", str(tmp_path / "out"), "--page", str(target)]
    answer = CliRunner().invoke(app, arguments)

    assert answer.exit_code == 0, answer.output
    text = target.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "0 of " in text
    assert not (tmp_path / "out").exists()
