"""``uniecs train``: a run folder, a logged run, and messages as a person meets them."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.uniecs.training.conftest import RESNET, TINY
from uniecs.cli.app import app
from uniecs.encoder.folder import verify_model_folder
from uniecs.errors import UsageError
from uniecs.settings import Settings

QUICK = [*TINY, RESNET, "run.epochs=1", "run.validate_every=1"]


def uniecs(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, words)])


def settings_of(changes: list[str]) -> list[str]:
    return [part for change in changes for part in ("--set", change)]


def test_a_run_ends_in_a_model_and_is_logged_and_a_finished_one_is_recognised(
    accepted_catalog: Path, settings: Settings, mlflow_template: Path, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    settings.root.mkdir()
    shutil.copy(mlflow_template, settings.root / "mlflow.db")
    out = tmp_path / "run"

    done = uniecs(accepted_catalog, "--out", out, *settings_of(QUICK))
    again = uniecs(accepted_catalog, "--out", out, *settings_of(QUICK))
    resumed = uniecs(accepted_catalog, "--out", out, *settings_of(QUICK), "--resume")

    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    version = verify_model_folder(out / "model").version
    assert f"model version {version}, macro R@10 on val 0." in " ".join(done.stderr.split())
    assert isinstance(again.exception, UsageError)
    assert "--resume" in str(again.exception)
    assert resumed.exit_code == 0
    client = MlflowClient(settings.mlflow, settings.mlflow)
    runs = client.search_runs([one.experiment_id for one in client.search_experiments()])
    assert runs[-1].data.params["encoder.dim"] == "16"
    assert runs[-1].data.tags["model_version"] == version


@pytest.mark.parametrize(
    "wrong", [("--preset", "huge"), ("--set", "nonsense=1"), ("--set", "run.epochs=many")]
)
def test_a_wrong_setting_is_wrong_usage_and_leaves_nothing(
    accepted_catalog: Path, tmp_path: Path, wrong: tuple[str, str]
) -> None:
    refused = uniecs(accepted_catalog, "--out", tmp_path / "run", *wrong)

    assert isinstance(refused.exception, UsageError)
    assert not (tmp_path / "run").exists()
