"""``uniecs train``: a run folder, a logged run, and messages as a person meets them."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner, Result

from tests.uniecs.training.conftest import RESNET, TINY
from uniecs.cli.app import app
from uniecs.cli.training_progress import TrainingProgress
from uniecs.encoder.folder import verify_model_folder
from uniecs.errors import UsageError
from uniecs.settings import Settings

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

QUICK = [*TINY, RESNET, "run.epochs=1", "run.validate_every=1"]


def uniecs(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, words)])


def settings_of(changes: list[str]) -> list[str]:
    return [part for change in changes for part in ("--set", change)]


@pytest.fixture
def mlflow(settings: Settings, mlflow_template: Path) -> "MlflowClient":
    """A client of this installation's MLflow, which holds no run yet."""
    from mlflow import MlflowClient

    settings.root.mkdir()
    shutil.copy(mlflow_template, settings.root / "mlflow.db")
    return MlflowClient(settings.mlflow, settings.mlflow)


def logged_runs(client: "MlflowClient") -> "list[Run]":
    places = [one.experiment_id for one in client.search_experiments()]
    return list(client.search_runs(places))


def test_a_run_ends_in_a_model_and_is_logged_and_a_finished_one_is_recognised(
    accepted_catalog: Path, mlflow: "MlflowClient", tmp_path: Path
) -> None:
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
    [run] = logged_runs(mlflow)
    assert run.data.params["encoder.dim"] == "16"
    assert run.data.tags["model_version"] == version


def test_a_run_that_was_interrupted_is_logged_once_with_all_its_steps(
    accepted_catalog: Path,
    mlflow: "MlflowClient",
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    longer = settings_of([*QUICK, "run.epochs=2"])
    told = (accepted_catalog, "--out", tmp_path / "run", *longer)
    show = TrainingProgress.__call__

    def interrupt(self: TrainingProgress, kind: str, values: dict[str, Any]) -> None:
        if kind == "step" and values["step"] == 3:
            raise KeyboardInterrupt
        show(self, kind, values)

    with monkeypatch.context() as patched:
        patched.setattr(TrainingProgress, "__call__", interrupt)
        assert uniecs(*told).exit_code != 0
    assert logged_runs(mlflow) == []

    resumed = uniecs(*told, "--resume")

    assert resumed.exit_code == 0, resumed.output
    steps = json.loads((tmp_path / "run" / "train.json").read_text())["steps"]
    assert steps > 3
    [run] = logged_runs(mlflow)
    losses = mlflow.get_metric_history(run.info.run_id, "loss")
    assert [metric.step for metric in losses] == list(range(1, steps + 1))
    assert len(mlflow.get_metric_history(run.info.run_id, "val macro r_at_10")) == 2


@pytest.mark.parametrize(
    "wrong", [("--preset", "huge"), ("--set", "nonsense=1"), ("--set", "run.epochs=many")]
)
def test_a_wrong_setting_is_wrong_usage_and_leaves_nothing(
    accepted_catalog: Path, tmp_path: Path, wrong: tuple[str, str]
) -> None:
    refused = uniecs(accepted_catalog, "--out", tmp_path / "run", *wrong)

    assert isinstance(refused.exception, UsageError)
    assert not (tmp_path / "run").exists()
