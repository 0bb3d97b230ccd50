import shutil
import subprocess
import sys

import pytest

from uniecs.registry import log_run
from uniecs.registry.runs import legal_metrics


@pytest.fixture
def client(settings, mlflow_template):
    from mlflow import MlflowClient

    settings.root.mkdir()
    shutil.copy(mlflow_template, settings.root / "mlflow.db")
    return MlflowClient(settings.mlflow, settings.mlflow)


def test_a_training_run_is_logged_with_config_and_every_metric(settings, client):
    points = ((step, {"loss": 1 / step, "T->I/R@10": 0.5}) for step in range(1, 1201))

    run_id = log_run(
        settings,
        name="small",
        config={"model": {"dim": 64, "text": "bert"}, "rates": [0.1], "empty": {}},
        metrics=points,
        model_version="m-1",
        tags={"preset": "small"},
    )

    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {
        "model.dim": "64",
        "model.text": "bert",
        "rates": "[0.1]",
        "empty": "{}",
    }
    assert run.data.tags["model_version"] == "m-1"
    assert run.data.tags["preset"] == "small"
    assert len(client.get_metric_history(run_id, "loss")) == 1200
    assert run.data.metrics["T_to_I/recall_at_10"] == 0.5


def test_artifacts_stay_under_the_home_folder(settings, client):
    run_id = log_run(settings, name="small", config={}, metrics=[])

    assert client.get_run(run_id).info.artifact_uri.startswith(settings.root.as_uri())


def test_metric_names_lose_what_mlflow_refuses():
    assert legal_metrics({"MRR@10": 1, "mAP@10": 2, "hit@1": 3, "a,b": 4}) == {
        "mrr_at_10": 1,
        "map_at_10": 2,
        "hit_at_1": 3,
        "a_b": 4,
    }


def test_reading_the_registry_loads_no_mlflow(registry, register, settings):
    register(registry, "first")
    code = (
        "import sys; from uniecs.registry import Registry; from uniecs.settings import Settings; "
        f"found = Registry(Settings(home={settings.home.as_posix()!r})); "
        "found.get(1); found.list(); found.production(); found.board(); "
        "print('mlflow' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
