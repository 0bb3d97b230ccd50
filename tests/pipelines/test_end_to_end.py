"""The whole loop as a person runs it: nothing left out, nothing in this process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
REUSED_WITHIN_S = 60


def run_pipeline(home: Path, *arguments: str) -> tuple[int, dict, str]:
    process = subprocess.run(
        [sys.executable, "-m", "pipelines", "run", "--json", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "UNIECS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    summary = json.loads(process.stdout) if process.stdout else {}
    return process.returncode, summary, process.stderr


@pytest.mark.slow
def test_a_catalog_becomes_a_live_release_once_and_is_reused_after(
    split_catalog, tiny_training, tmp_path
):
    home = tmp_path / "home"
    catalog = split_catalog(products=180, test=125)
    options = [part for override in tiny_training for part in ("--set", override)]
    arguments = ["--catalog", str(catalog), "--sessions", "20", *options]

    code, first, errors = run_pipeline(home, *arguments)
    again_code, again, _ = run_pipeline(home, *arguments)

    assert (code, again_code) == (0, 0), errors
    assert first["outcome"] == again["outcome"] == "promoted"
    assert {step["step"]: step["reused"] for step in again["steps"]} == dict.fromkeys(
        (step["step"] for step in first["steps"]), True
    )
    assert sum(step["seconds"] for step in again["steps"]) < REUSED_WITHIN_S
    assert again["live"] == first["live"]
    assert first["live"]["stage"] == "production"
    assert len(first["tasks"]) == 9
    assert set(first["reports"]) == {"validate", "evaluate", "monitor"}
    assert all(Path(page).is_file() for page in first["reports"].values())
    assert first["verdict"]["verdict"] in ("healthy", "drifted", "insufficient_data")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["open_demo"])
def test_real_products_become_a_live_release(shared_data, tiny_training, tmp_path, name):
    options = [part for override in tiny_training for part in ("--set", override)]

    code, summary, errors = run_pipeline(
        tmp_path / "home", "--catalog", str(shared_data / name), *options
    )

    assert code == 0, errors
    assert summary["live"]["stage"] == "production"
    assert {"composed", "other_view"} <= set(summary["queries"])
    assert all("baseline" in rankers for rankers in summary["queries"].values())
