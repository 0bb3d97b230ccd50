import json

import pytest
from typer.testing import CliRunner

from tests.uniecs.registry.making import make_report
from uniecs.cli.app import app
from uniecs.errors import DataError


@pytest.fixture
def reports(tmp_path):
    make_report(tmp_path / "a", "m-a", recall=0.5)
    make_report(tmp_path / "b", "m-b", recall=0.75)
    return [str(tmp_path / "a"), str(tmp_path / "b")]


def test_compare_prints_one_json_document_on_stdout(reports):
    result = CliRunner().invoke(app, ["compare", *reports, "--json"])

    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert (found["a"], found["b"], found["metric"]) == ("m-a", "m-b", "R@10")
    assert len(found["tasks"]) == len(found["differing"]) == 9
    task = found["tasks"]["T->I"]
    assert (task["a"], task["b"], task["difference"]) == (0.5, 0.75, 0.25)
    assert task["p"] <= task["p_holm"] < 0.05
    assert found["macro"]["ci95"][0] < 0.25 < found["macro"]["ci95"][1]


def test_compare_names_the_tasks_that_differ(reports):
    result = CliRunner().invoke(app, ["compare", *reports])

    assert result.exit_code == 0, result.output
    assert "Tasks that differ: I->I, I->T," in result.stdout
    assert "paired randomisation test" in result.stdout


def test_reports_of_different_catalogs_are_refused(reports, tmp_path):
    make_report(tmp_path / "c", "m-c", recall=0.5, catalog="d" * 64)

    result = CliRunner().invoke(app, ["compare", reports[0], str(tmp_path / "c")])

    assert isinstance(result.exception, DataError)
    assert result.exception.exit_code == 1
    assert "catalog_digest" in str(result.exception)


def test_a_report_that_was_altered_is_compared_with_a_warning(reports, tmp_path):
    path = tmp_path / "b" / "report.json"
    path.write_text(path.read_text().replace('"m-b"', '"m-x"'))

    result = CliRunner().invoke(app, ["compare", *reports, "--json"])

    assert json.loads(result.stdout)["b"] == "m-x"
    assert "altered after the evaluation" in " ".join(result.stderr.split())


def test_one_report_alone_is_wrong_usage(reports):
    assert CliRunner().invoke(app, ["compare", reports[0]]).exit_code == 2
