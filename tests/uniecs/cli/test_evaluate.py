import json

import pytest
from typer.testing import CliRunner

from uniecs.cli.app import app
from uniecs.errors import ModelError


def test_evaluate_prints_only_the_report_on_stdout_and_writes_the_same(
    tiny_model, accepted_catalog, tmp_path
):
    arguments = ["evaluate", str(tiny_model), str(accepted_catalog)]

    result = CliRunner().invoke(app, [*arguments, "--report", str(tmp_path), "--json"])

    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert len(report["tasks"]) == 9
    assert {"encoder", "hybrid"} <= set(next(iter(report["queries"].values())))


def test_a_folder_that_is_no_model_is_refused(accepted_catalog, tmp_path):
    arguments = ["evaluate", str(tmp_path), str(accepted_catalog), "--report", str(tmp_path / "r")]

    result = CliRunner().invoke(app, arguments)

    assert isinstance(result.exception, ModelError)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("wrong", [["--split", "dev"], ["--pool", "all"], ["--nothing"]])
def test_a_wrong_option_is_wrong_usage(tmp_path, wrong):
    arguments = ["evaluate", str(tmp_path), str(tmp_path), "--report", str(tmp_path)]

    assert CliRunner().invoke(app, [*arguments, *wrong]).exit_code == 2
