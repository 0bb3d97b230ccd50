"""Killed at any step and run again, the loop loses nothing that was finished."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

STEPS = [
    "validate", "split_and_pair", "train", "evaluate", "register", "embed", "index",
    "simulate_events", "materialize", "gate", "promote", "deploy", "monitor",
]  # fmt: skip
REPOSITORY = Path(__file__).parents[2]


class Runs:
    """Starts the pipeline as a person would, in a home of its own."""

    def __init__(self, home: Path, catalog: Path, training: tuple[str, ...]) -> None:
        self.home = home
        options = [part for override in training for part in ("--set", override)]
        self._command = [
            sys.executable, "-m", "pipelines", "run", "--catalog", str(catalog),
            "--sessions", "20", *options,
        ]  # fmt: skip

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            cwd=REPOSITORY,
            env={**os.environ, "UNIECS_HOME": str(self.home)},
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def newest(self) -> Path | None:
        found = sorted((self.home / "runs").glob("*"))
        return found[-1] if found else None

    def kill_during(self, step: str) -> None:
        before = self.newest()
        process = self.start()
        while process.poll() is None:
            run = self.newest()
            if run not in (None, before) and (run / "steps" / f"{step}.json").exists():
                break
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def finish(self) -> dict:
        process = self.start()
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
        return json.loads((self.newest() / "summary.json").read_text())


@pytest.mark.slow
def test_killed_at_every_step_it_ends_like_an_undisturbed_run(
    split_catalog, tiny_training, tmp_path
):
    catalog = split_catalog(products=180, test=125)
    killed = Runs(tmp_path / "killed", catalog, tiny_training)
    undisturbed = Runs(tmp_path / "undisturbed", catalog, tiny_training)

    for step in STEPS:
        killed.kill_during(step)
    summary, expected = killed.finish(), undisturbed.finish()

    assert summary["outcome"] == expected["outcome"] == "promoted"
    assert summary["tasks"] == expected["tasks"]
    assert summary["live"]["model_version"] == expected["live"]["model_version"]
    assert _digests(killed.home, "embed") == _digests(undisturbed.home, "embed")
    assert not list((killed.home / "steps").glob("*/*.partial"))
    finished = [line["step"] for line in summary["steps"] if line["reused"]]
    assert finished[:9] == STEPS[:9]  # each was finished by the run after its kill


def _digests(home: Path, step: str) -> set[str]:
    manifests = (home / "steps" / step).glob("*/manifest.json")
    return {json.loads(path.read_text())["digest"] for path in manifests}
