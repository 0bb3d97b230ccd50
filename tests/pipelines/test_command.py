import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.__main__ import app
from uniecs.errors import UsageError

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> Path:
    package = tmp_path_factory.mktemp("compiled") / "retraining.yaml"
    assert CliRunner().invoke(app, ["compile", "--output", str(package)]).exit_code == 0
    return package


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "--catalog", "x", "--sessions", "-1"], ["run", "--nothing"]]
)
def test_wrong_usage_exits_with_2(arguments):
    assert CliRunner().invoke(app, arguments).exit_code == 2


@pytest.mark.parametrize(
    "wrong", [("--set", "nonsense=1"), ("--set", "run.epochs=many"), ("--preset", "huge")]
)
def test_a_wrong_training_setting_is_told_before_any_step_runs(wrong, fresh_home):
    result = CliRunner().invoke(app, ["run", "--catalog", "x", *wrong])

    assert isinstance(result.exception, UsageError)
    assert not fresh_home.exists()


def test_help_does_not_start_the_engine():
    check = (
        "import sys; from typer.testing import CliRunner; from pipelines.__main__ import app; "
        "CliRunner().invoke(app, ['run', '--help']); print('kfp' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", check], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "False"


def test_the_compiled_pipeline_installs_nothing_and_names_no_machine(compiled):
    text = compiled.read_text()

    assert "pip install" not in text
    assert str(REPOSITORY) not in text


def test_every_component_body_is_short_and_each_file_holds_one():
    for path in sorted((REPOSITORY / "components").glob("[a-z]*.py")):
        if path.stem == "base":
            continue
        source = path.read_text()
        assert source.count("@component") == 1, path.name
        body = source.rsplit('"""', 1)[1].strip().splitlines()
        statements = [line for line in body if line.strip()]
        assert len(statements) <= 15, f"{path.name}: {len(statements)} lines"


def test_what_stands_behind_the_gate_runs_only_under_its_condition(compiled):
    pipeline = next(yaml.safe_load_all(compiled.read_text()))
    conditions = {
        name: task["triggerPolicy"]["condition"]
        for component in pipeline["components"].values()
        for name, task in component.get("dag", {}).get("tasks", {}).items()
        if "condition" in task.get("triggerPolicy", {})
    }
    [(name, condition)] = conditions.items()
    behind = set(pipeline["components"][f"comp-{name}"]["dag"]["tasks"])

    assert "== 'promote'" in condition
    assert behind == {"promote", "deploy", "examples", "monitor"}
