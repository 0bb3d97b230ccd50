"""Killed in any step and run again, the loop loses nothing that was finished.

Most kills come when a step begins. Three come where more could be lost: in the middle of training,
in the middle of building the index, and when a step's output is sealed but not yet published.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from uniecs.loop import embed, evaluate, split_and_pair, train, validate
from uniecs.settings import Settings
from uniecs.steps import folder_output_digest

STEPS = [
    "validate", "split_and_pair", "train", "embed", "evaluate", "register", "index",
    "simulate_events", "materialize", "gate", "promote", "deploy", "examples", "monitor",
]  # fmt: skip
REPOSITORY = Path(__file__).parents[2]
LONGER = ("run.epochs=12", "run.checkpoint_seconds=0.001")
"""Training goes on for some seconds after its first checkpoint."""

UNPUBLISHED = "evaluate"
DIES = """
import os, signal, sys

def die(event, arguments):
    if event == "os.mkdir" and str(arguments[0]).endswith(".evaluated.publishing"):
        os.killpg(0, signal.SIGKILL)

sys.addaudithook(die)
"""
"""Every process of a run that finds this kills all of them where publishing ``evaluate`` begins."""


class Runs:
    """Starts the pipeline as a person would, in a home of its own."""

    def __init__(self, home: Path, catalog: Path, training: tuple[str, ...]) -> None:
        self.home = home
        options = [part for override in training for part in ("--set", override)]
        self._command = [
            sys.executable, "-m", "pipelines", "run", "--catalog", str(catalog),
            "--sessions", "20", *options,
        ]  # fmt: skip

    def start(self, **environment: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self._command,
            cwd=REPOSITORY,
            env={**os.environ, "UNIECS_HOME": str(self.home), **environment},
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def newest(self) -> Path | None:
        found = sorted((self.home / "runs").glob("*"))
        return found[-1] if found else None

    def kill_during(self, step: str, reached: Callable[["Runs"], bool] | None = None) -> None:
        """Kill a run once the step began, and got as far as ``reached`` tells."""
        before = self.newest()
        process = self.start()
        while process.poll() is None:
            run = self.newest()
            began = run not in (None, before) and (run / "steps" / f"{step}.json").exists()
            if began and (reached is None or reached(self)):
                break
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def kill_before_publishing(self, hook: Path) -> None:
        hook.mkdir()
        (hook / "sitecustomize.py").write_text(DIES)
        process = self.start(PYTHONPATH=str(hook))
        process.communicate()
        assert process.returncode == -signal.SIGKILL

    def finish(self) -> dict:
        process = self.start()
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
        return json.loads((self.newest() / "summary.json").read_text())

    def outputs(self, step: str) -> list[Path]:
        return list((self.home / "steps" / step).glob("*/manifest.json"))

    def holds_checkpoint(self) -> bool:
        return any((self.home / "steps" / "train").glob("*.partial/checkpoint/*"))

    def generations(self) -> list[str]:
        """States of all generations that were ever begun."""
        with closing(sqlite3.connect(f"file:{self.home / 'uniecs.db'}?mode=ro", uri=True)) as read:
            known = "SELECT 1 FROM sqlite_master WHERE name = 'generations'"
            if read.execute(known).fetchone() is None:
                return []
            return [state for (state,) in read.execute("SELECT state FROM generations")]


def kill_everywhere(killed: Runs, hook: Path) -> None:
    """One kill in each step; each run finishes the steps that were cut off before."""
    for step in STEPS:
        if step == "train":
            killed.kill_during(step, Runs.holds_checkpoint)
            assert killed.holds_checkpoint()
            assert not killed.outputs(step)
        elif step == UNPUBLISHED:
            killed.kill_before_publishing(hook)
            assert len(killed.outputs(step)) == 1
        elif step == "index":
            killed.kill_during(step, lambda runs: runs.generations() == ["building"])
            assert killed.generations() == ["building"]
        else:
            killed.kill_during(step)


def undisturbed(settings: Settings, catalog: Path, training: tuple[str, ...]) -> dict:
    """What training, evaluation and embedding give when nobody kills them, in this process."""
    run = {"run_id": "undisturbed"}
    accepted = validate.run(validate.ValidateSpec(catalog=catalog, **run), settings).folder
    split = split_and_pair.SplitSpec(accepted=accepted, **run)
    places = {"paired": split_and_pair.run(split, settings).folder, **run}
    trained = train.run(train.TrainSpec(overrides=training, **places), settings)
    places["trained"] = trained.folder
    vectors = embed.run(embed.EmbedSpec(**places), settings)
    places["embedded"] = vectors.folder
    return {
        "model": trained.report["model_version"],
        "tasks": evaluate.run(evaluate.EvaluateSpec(**places), settings).report["tasks"],
        "vectors": vectors.digest,
    }


@pytest.mark.slow
def test_killed_in_every_step_it_ends_like_an_undisturbed_run(
    split_catalog, tiny_training, settings, tmp_path, home
):
    catalog = split_catalog(products=180, test=125)
    training = (*tiny_training, *LONGER)
    killed = Runs(home, catalog, training)

    kill_everywhere(killed, tmp_path / "hook")
    summary = killed.finish()

    assert summary["outcome"] == "promoted"
    [embedded] = killed.outputs("embed")
    assert undisturbed(settings, catalog, training) == {
        "model": summary["live"]["model_version"],
        "tasks": summary["tasks"],
        "vectors": folder_output_digest(embedded.parent),
    }
    assert killed.generations() == ["live"]  # the killed build went on, there was no second
    assert not list((killed.home / "steps").glob("*/*.partial"))
    finished = [line["step"] for line in summary["steps"] if line["reused"]]
    assert finished[:9] == STEPS[:9]  # each was finished by the run after its kill
