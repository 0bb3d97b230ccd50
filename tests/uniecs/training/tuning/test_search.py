"""Searches: what each trial is, killed and continued, given up early."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.uniecs.training.tuning.conftest import SETTINGS, SPACE, WITH_SOURCE, made
from uniecs.errors import CatalogError, ModelError, UsageError
from uniecs.training.config import preset
from uniecs.training.run import train
from uniecs.training.tuning.plan import SearchPlan
from uniecs.training.tuning.report import SearchReport
from uniecs.training.tuning.search import search
from uniecs.training.tuning.space import Choices, Range, Space
from uniecs.training.tuning.study import PATIENCE, Study


class Interrupted(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def undisturbed(
    accepted_catalog: Path,
    plan: SearchPlan,
    pictures: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, SearchReport]:
    out = tmp_path_factory.mktemp("search") / "out"
    return out, search(accepted_catalog, out, plan, trials=3, pictures=pictures)


def refuse(kind: str, _values: dict[str, Any]) -> None:
    raise AssertionError(f"work was done again: {kind}")


def test_each_trial_is_a_training_run_with_its_settings(
    undisturbed: tuple[Path, SearchReport], plan: SearchPlan
) -> None:
    out, report = undisturbed

    assert [trial.number for trial in report.trials] == [0, 1, 2]
    for trial in report.trials:
        folder = out / "trials" / str(trial.number)
        config = json.loads((folder / "config.json").read_text())
        done = json.loads((folder / "train.json").read_text())
        assert config["optimizer"]["lr"] == trial.settings["optimizer.lr"]
        assert config["loss"]["weighting"] == trial.settings["loss.weighting"]
        assert (done["val"]["macro"], done["model_version"]) == (trial.macro, trial.model_version)
    assert len({trial.settings["optimizer.lr"] for trial in report.trials}) == 3


def test_the_first_trial_has_the_settings_that_are_searched_around(
    undisturbed: tuple[Path, SearchReport], plan: SearchPlan
) -> None:
    assert undisturbed[1].trials[0].settings == {
        "optimizer.lr": 1e-3,
        "loss.weighting": "uncertainty",
    }
    assert plan.config(undisturbed[1].trials[0].settings) == plan.config({})


def test_the_printed_command_repeats_the_best_trial(
    undisturbed: tuple[Path, SearchReport], accepted_catalog: Path
) -> None:
    out, report = undisturbed
    words = shlex.split(report.command)
    overrides = [after for word, after in pairwise(words) if word == "--set"]
    best = report.trials[report.best[0]]

    assert words[:5] == ["uniecs", "train", str(accepted_catalog), "--out", str(out / "best")]
    assert best.macro == max(trial.macro or 0 for trial in report.trials)
    stored = json.loads((out / "trials" / str(best.number) / "config.json").read_text())
    assert preset("small", overrides).model_dump(mode="json") == stored
    assert json.loads((out / "report.json").read_text())["command"] == report.command


@pytest.mark.slow
def test_training_again_with_that_command_gives_the_same_model(
    undisturbed: tuple[Path, SearchReport], accepted_catalog: Path, tmp_path: Path, plan: SearchPlan
) -> None:
    best = undisturbed[1].trials[undisturbed[1].best[0]]

    again = train(accepted_catalog, tmp_path / "again", plan.config(best.settings))

    assert again.model_version == best.model_version


def test_a_search_that_was_broken_off_ends_in_the_same_trials(
    undisturbed: tuple[Path, SearchReport],
    accepted_catalog: Path,
    plan: SearchPlan,
    pictures: Path,
    tmp_path: Path,
) -> None:
    begun: list[int] = []
    steps: list[int] = []

    def stop_in_the_second(kind: str, values: dict[str, Any]) -> None:
        if kind == "begins":
            begun.append(values["number"])
        if kind == "step" and begun[-1] == 1 and values["step"] == 2:
            raise Interrupted

    def watch(kind: str, values: dict[str, Any]) -> None:
        if kind == "begins":
            begun.append(values["number"])
        if kind == "step" and begun[-1] == 1:
            steps.append(values["step"])

    out = tmp_path / "out"
    with pytest.raises(Interrupted):
        search(accepted_catalog, out, plan, trials=2, pictures=pictures, note=stop_in_the_second)
    report = search(accepted_catalog, out, plan, trials=2, pictures=pictures, note=watch)

    assert begun == [0, 1, 1]
    assert steps[0] == 2  # from the checkpoint after the first step
    assert report.trials == undisturbed[1].trials[:2]


def test_a_finished_search_runs_nothing_again_and_can_be_lengthened(
    undisturbed: tuple[Path, SearchReport], accepted_catalog: Path, plan: SearchPlan
) -> None:
    out, report = undisturbed

    assert search(accepted_catalog, out, plan, trials=3, note=refuse) == report
    with pytest.raises(AssertionError, match="begins"):
        search(accepted_catalog, out, plan, trials=4, note=refuse)


def test_no_trial_begins_when_the_time_is_over(
    accepted_catalog: Path, plan: SearchPlan, tmp_path: Path
) -> None:
    clock = iter([0.0, 61.0])
    report = search(
        accepted_catalog,
        tmp_path / "out",
        plan,
        trials=1,
        minutes=1,
        note=refuse,
        clock=lambda: next(clock),
    )

    assert (report.trials, report.command) == ([], "")


def test_a_folder_holds_one_search(
    undisturbed: tuple[Path, SearchReport],
    accepted_catalog: Path,
    plan: SearchPlan,
    tmp_path: Path,
) -> None:
    other = SearchPlan.of("small", SETTINGS, {"optimizer.lr": Range(low=1e-4, high=1e-3)})
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(UsageError, match="another space"):
        search(accepted_catalog, undisturbed[0], other, trials=4)
    with pytest.raises(UsageError, match="no empty folder"):
        search(accepted_catalog, tmp_path, plan, trials=1)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_catalog_without_a_val_split_is_refused_and_leaves_nothing(
    accepted_catalog: Path, plan: SearchPlan, tmp_path: Path
) -> None:
    catalog = tmp_path / "catalog"
    shutil.copytree(accepted_catalog, catalog)
    rows = pq.read_table(catalog / "catalog.parquet").to_pylist()
    for row in rows:
        row["split"] = "train"
    pq.write_table(pa.Table.from_pylist(rows), catalog / "catalog.parquet")

    with pytest.raises(CatalogError, match="no pairs in its val split"):
        search(catalog, tmp_path / "out", plan, trials=1, note=refuse)
    assert not (tmp_path / "out").exists()


def test_a_search_that_never_began_leaves_the_folder_to_another(
    accepted_catalog: Path, pictures: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    broken = SearchPlan.of("small", (*WITH_SOURCE, f"text.tower={tmp_path / 'absent'}"), SPACE)
    with pytest.raises(ModelError, match="absent"):
        search(accepted_catalog, out, broken, trials=2, pictures=pictures)

    mended = SearchPlan.of("small", SETTINGS, SPACE)

    assert search(accepted_catalog, out, mended, trials=0, pictures=pictures).trials == []


def test_settings_that_cannot_be_trained_fail_alone(
    accepted_catalog: Path, pictures: Path, tmp_path: Path
) -> None:
    space: Space = {"text.tower": Choices(choices=(None, str(tmp_path / "absent")))}
    plan = SearchPlan.of("small", WITH_SOURCE, space)
    out = tmp_path / "out"

    report = search(accepted_catalog, out, plan, trials=4, pictures=pictures)

    failed = [trial for trial in report.trials if trial.state == "failed"]
    assert report.trials[0].state == "finished"
    assert failed
    assert all("absent" in trial.note for trial in failed)
    assert "failed" in (out / "trials.html").read_text()


def test_a_pruned_trial_leaves_its_history_and_says_so(
    accepted_catalog: Path, pictures: Path, tmp_path: Path
) -> None:
    settings = (*SETTINGS, "run.epochs=2")
    plan = SearchPlan.of("small", settings, SPACE)
    out = tmp_path / "out"
    search(accepted_catalog, out, plan, trials=0, pictures=pictures)
    study = Study(out / "study.db", plan.space, seed=plan.seed)
    for number in range(PATIENCE):  # an unbeatable past, so that the next one falls behind
        trial = made(number, 1.0, **study.propose())
        study.add(trial.model_copy(update={"validations": {1: 1.0, 2: 1.0}}))

    report = search(accepted_catalog, out, plan, trials=PATIENCE + 1, pictures=pictures)

    pruned = report.trials[-1]
    folder = out / "trials" / str(pruned.number)
    assert pruned.state == "pruned"
    assert list(pruned.validations) == [1]
    assert "below the median of finished trials at epoch 1" in pruned.note
    assert json.loads((folder / "pruned.json").read_text())["note"] == pruned.note
    assert {p.name for p in folder.iterdir()} == {"config.json", "history.jsonl", "pruned.json"}
    assert pruned.note in (out / "trials.html").read_text()
    assert search(accepted_catalog, out, plan, trials=PATIENCE + 1, note=refuse) == report


@pytest.mark.slow
def test_a_search_that_is_killed_goes_on_to_the_same_trials(
    undisturbed: tuple[Path, SearchReport],
    accepted_catalog: Path,
    pictures: Path,
    tmp_path: Path,
) -> None:
    out, home = tmp_path / "out", tmp_path / "killed-home"
    space = tmp_path / "space.json"
    space.write_text(json.dumps({key: tried.model_dump() for key, tried in SPACE.items()}))
    fixed = [word for setting in SETTINGS for word in ("--set", setting)]
    command = [
        sys.executable, "-m", "uniecs.cli.app", "tune", str(accepted_catalog), "--out", str(out),
        "--trials", "3", "--space", str(space), "--json", *fixed,
    ]  # fmt: skip
    environment = {**os.environ, "UNIECS_HOME": str(home)}
    for number, rows in ((0, 1), (1, 2), (2, 1)):  # in the middle of each trial
        history = out / "trials" / str(number) / "history.jsonl"
        with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
            while not history.is_file() or history.read_bytes().count(b"\n") < rows:
                assert process.poll() is None
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)

    done = subprocess.run(command, env=environment, capture_output=True, check=True)

    report = SearchReport.model_validate_json(done.stdout)
    assert report.trials == undisturbed[1].trials
