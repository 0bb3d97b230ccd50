"""``uniecs tune``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.uniecs.training.tuning.conftest import SETTINGS
from uniecs.cli.app import app
from uniecs.errors import UsageError
from uniecs.training.tuning.report import SearchReport

Tune = Callable[..., Any]


@pytest.fixture
def tune(accepted_catalog: Path, tmp_path: Path) -> Tune:
    def run(*options: str) -> Any:
        fixed = [word for setting in SETTINGS for word in ("--set", setting)]
        words = ["tune", str(accepted_catalog), "--out", str(tmp_path / "out"), *fixed, *options]
        return CliRunner().invoke(app, words)

    return run


def test_the_command_searches_prints_the_best_and_goes_on(tune: Tune, tmp_path: Path) -> None:
    first = tune("--trials", "1")
    second = tune("--trials", "1", "--json")

    assert first.exit_code == 0, first.output
    assert "uniecs train" in first.stdout
    assert "optimizer.lr" in first.stdout
    assert "trial 0 finished: macro R@10" in first.stderr
    assert "the best so far" in first.stderr
    report = SearchReport.model_validate_json(second.stdout)
    assert [trial.number for trial in report.trials] == [0]
    assert "trial 0" not in second.stderr
    assert (tmp_path / "out" / "trials.html").is_file()


def test_the_command_refuses_a_wrong_space_with_exit_code_2(tune: Tune, tmp_path: Path) -> None:
    (tmp_path / "space.json").write_text('{"optimizer.rate": {"low": 0.1, "high": 1}}')

    refused = tune("--space", str(tmp_path / "space.json"))

    assert isinstance(refused.exception, UsageError)
    assert refused.exception.exit_code == 2
    assert not (tmp_path / "out").exists()
