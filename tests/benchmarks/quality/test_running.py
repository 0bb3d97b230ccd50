"""A run: what is kept of it."""

import json
from pathlib import Path

import pytest

from benchmarks.quality.arms import Run
from benchmarks.quality.running import RESULT, finished, perform, run_folder


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["towers", "released", "ours"])
def test_a_run_leaves_its_figures(accepted_catalog: Path, tmp_path: Path, arm: str) -> None:
    run = Run("demo", arm, 0)
    run_folder(tmp_path, run).mkdir(parents=True)

    perform(run, accepted_catalog, tmp_path)

    assert finished(tmp_path, run)
    kept = json.loads((run_folder(tmp_path, run) / RESULT).read_text())
    assert len(kept["tasks"]) == len(kept["hits"]) == 9
    assert kept["precision"] == "float32"
    assert 0 <= kept["waited_for_batches"] < 1
