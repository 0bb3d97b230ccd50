"""``uniecs catalog``: outputs, exit codes and messages as other programs meet them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from uniecs.cli.app import app
from uniecs.errors import CatalogError, UniECSError, UsageError


def invoke(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["catalog", *map(str, words)], catch_exceptions=True)
    if isinstance(result.exception, UniECSError):
        raise result.exception
    return result.exit_code, result.stdout


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "catalog.csv").write_text("product_id,title\n1,mug\n2,pot\n")
    return folder


def test_a_passing_gate_exits_0_and_a_failing_one_1(shop: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"

    failed, text = invoke("validate", shop, "--report", report)
    passed, more = invoke("validate", shop, "--report", report, "--set", "missing_pictures=1")

    assert (failed, passed) == (1, 0)
    assert "missing_pictures is 1, at most 0.5 is allowed" in text
    assert "passed: 2 rows, 2 accepted, 0 in quarantine" in more


def test_json_is_all_that_stdout_holds(shop: Path, tmp_path: Path) -> None:
    report = tmp_path / "report"

    _, text = invoke("validate", shop, "--report", report, "--json")

    assert json.loads(text) == json.loads((report / "validation.json").read_text())


def test_an_empty_catalog_fails_with_its_reason(shop: Path, tmp_path: Path) -> None:
    (shop / "catalog.csv").write_text("product_id,title\n")

    code, text = invoke("validate", shop, "--report", tmp_path / "report")

    assert code == 1
    assert "rows is 0, at least 1 is allowed" in text


def test_the_accepted_catalog_is_written_where_asked(shop: Path, tmp_path: Path) -> None:
    options = ["--report", tmp_path / "report", "--accepted", tmp_path / "accepted"]

    invoke("validate", shop, *options, "--set", "missing_pictures=1")

    assert (tmp_path / "accepted" / "catalog.parquet").is_file()


@pytest.mark.parametrize(
    "given", ["broken_pictures", "broken_picture=1", "broken_pictures=2", "min_rows=x"]
)
def test_a_wrong_threshold_is_wrong_usage(shop: Path, tmp_path: Path, given: str) -> None:
    with pytest.raises(UsageError, match="--set"):
        invoke("validate", shop, "--report", tmp_path / "report", "--set", given)


def test_a_catalog_that_is_not_there_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no such catalog folder"):
        invoke("validate", tmp_path / "none", "--report", tmp_path / "report")


def test_a_missing_argument_is_wrong_usage(shop: Path) -> None:
    assert invoke("validate", shop)[0] == 2


def test_the_program_ends_with_one_message_and_no_traceback(tmp_path: Path) -> None:
    words = ["catalog", "validate", str(tmp_path / "none"), "--report", str(tmp_path / "report")]
    done = subprocess.run(
        [sys.executable, "-m", "uniecs.cli.app", *words],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip().startswith("error: ")
    assert "Traceback" not in done.stderr


def test_a_demo_catalog_is_generated_from_its_seed(tmp_path: Path) -> None:
    code, text = invoke("demo", tmp_path / "demo", "--products", "24", "--seed", "3", "--json")

    assert code == 0
    assert json.loads(text)["products"] == 24
    assert (tmp_path / "demo" / "catalog.parquet").is_file()
