"""Rows go to a file and come back; the page shows the last run, its misses, and if it was busy."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.speed.report import BEGIN, END, put_into, report, reports
from benchmarks.speed.rows import RESULTS, Goal, Row, append, last_run, last_runs
from benchmarks.speed.summary import Ratio, Timing

REPOSITORY = Path(__file__).parents[3]


def row(run: str = "2026-01-02T03:04:05+00:00", **values: Any) -> Row:
    common: dict[str, Any] = {
        "suite": "encode",
        "size": "small",
        "case": "text",
        "arm": "uniecs",
        "items": 50,
        "seconds": Timing(median=0.5, p95=0.6, min=0.4, n=20),
        "machine": {"processor": "Test", "processors": 2, "flags": ["avx2"]},
        "threads": 2,
        "commit": "abc",
        "idle": True,
        "busy_before": 0.01,
        "load_before": 0.1,
        "load_after": 1.2,
    }
    return Row(run=run, **common | values)


def test_rows_come_back_as_they_were_and_only_those_of_the_last_run(tmp_path: Path) -> None:
    path = tmp_path / "results" / "speed.jsonl"
    spread = Ratio(1.0, 0.9, 1.1)
    new = row("2026-02-02T00:00:00+00:00", spread=spread, against={"open_clip": spread})

    append([row(), row()], path)
    append([new], path)

    assert last_run(path) == [new]
    assert new.per_second == 100


def test_a_report_shows_the_last_run_of_every_suite(tmp_path: Path) -> None:
    path = tmp_path / "speed.jsonl"
    train = row("2026-02-02T00:00:00+00:00", suite="train")
    later = row("2026-03-03T00:00:00+00:00")

    append([row(), train], path)
    append([later], path)

    assert last_runs(path) == [[train], [later]]
    assert reports(last_runs(path)).count("Run of") == 2
    assert reports([]) == "No run yet.\n"


def test_a_goal_that_is_missed_is_shown_as_missed() -> None:
    goals = [
        Goal(name="times as fast as open_clip", value=1.1, bound=1.2, above=True),
        Goal(name="of the step", value=0.01, bound=0.03, above=False),
    ]

    text = report([row(goals=goals)])

    assert "1.1 times as fast as open_clip, at least 1.2: **missed**" in text
    assert "0.01 of the step, at most 0.03: met" in text


def test_a_peer_that_could_not_be_run_is_named_and_has_no_figures() -> None:
    text = report([row(), row(arm="open_clip", case="", seconds=None, failure="no torchvision")])

    assert "- small: open_clip was not run: no torchvision" in text
    assert "| open_clip |" not in text


def test_a_busy_run_says_so_first() -> None:
    assert "provisional" in report([row(idle=False, busy_before=0.7)])
    assert "provisional" not in report([row()])


def test_figures_replace_what_stood_between_the_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    put_into(page, "new\n")

    assert page.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    page.write_text("no marks")
    with pytest.raises(ValueError, match="no <!-- figures"):
        put_into(page, "new\n")


def test_the_documentation_shows_the_last_committed_run() -> None:
    page = (REPOSITORY / "docs" / "speed.md").read_text()

    assert page.split(BEGIN)[1].split(END)[0].strip() == reports(last_runs(RESULTS)).strip()
