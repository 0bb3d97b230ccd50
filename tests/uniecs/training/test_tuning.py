"""Searches: what may be searched, killed and continued, given up early, and looked at."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from math import log10
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from tests.uniecs.training.conftest import RESNET, TINY
from uniecs.cli.app import app
from uniecs.errors import CatalogError, ModelError, UsageError
from uniecs.training.config import preset
from uniecs.training.run import train
from uniecs.training.tuning.page import render_page
from uniecs.training.tuning.plan import SearchPlan
from uniecs.training.tuning.report import SearchReport
from uniecs.training.tuning.run_trial import FellBehind, Judge
from uniecs.training.tuning.search import search
from uniecs.training.tuning.space import Choices, Range, Space, read_space
from uniecs.training.tuning.study import PATIENCE, STARTUP, TELLING, Study, Trial

SETTINGS = (RESNET, *TINY, "run.epochs=1", "run.validate_every=1")
WITH_SOURCE = tuple(s.replace('"type": "bert"', '"type": "bert", "source": null') for s in SETTINGS)
SPACE: Space = {
    "optimizer.lr": Range(low=1e-4, high=1e-2, log=True),
    "loss.weighting": Choices(choices=("uncertainty", "fixed")),
}


class Interrupted(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def plan() -> SearchPlan:
    return SearchPlan.of("small", SETTINGS, SPACE)


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


def made(number: int, macro: float, **settings: Any) -> Trial:
    """A finished trial whose value grows over two validations."""
    return Trial(
        number=number,
        state="finished",
        settings=settings,
        validations={4: macro / 2, 8: macro},
        model_version=f"m{number}",
    )


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


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path / "study.db", SPACE, seed=0)


def test_a_study_gives_back_what_it_was_told(study: Study, tmp_path: Path) -> None:
    settings = {"optimizer.lr": 0.00123456789012345, "loss.weighting": "fixed"}
    trials = [
        made(0, 0.4, **settings),
        Trial(number=1, state="pruned", settings=settings, validations={4: 0.1}, note="behind"),
        Trial(number=2, state="failed", settings=settings, note="too large"),
    ]
    for trial in trials:
        study.add(trial)

    assert study.trials == trials
    assert Study(tmp_path / "study.db", SPACE, seed=0).trials == trials


def test_a_proposal_follows_from_the_seed_and_the_finished_trials_alone(
    study: Study, tmp_path: Path
) -> None:
    other = Study(tmp_path / "other.db", SPACE, seed=1)
    proposals = []
    for number in range(STARTUP + 3):  # drawn at random at first, then learned
        proposal = study.propose()
        if number in (0, STARTUP + 2):
            assert Study(tmp_path / "study.db", SPACE, seed=0).propose() == proposal
        assert other.propose() != proposal
        proposals.append(proposal)
        for each in (study, other):
            each.add(made(number, 0.1 + number / 100, **proposal))

    assert len({proposal["optimizer.lr"] for proposal in proposals}) == len(proposals)
    assert {proposal["loss.weighting"] for proposal in proposals} == {"uncertainty", "fixed"}


def test_the_sampler_looks_where_good_trials_were(study: Study, tmp_path: Path) -> None:
    for number in range(24):
        rate = 10 ** (-4 + 2 * number / 23)
        settings = {"optimizer.lr": rate, "loss.weighting": ("uncertainty", "fixed")[number % 2]}
        study.add(made(number, 0.9 - 0.3 * abs(log10(rate / 3e-3)), **settings))

    proposals = [Study(tmp_path / "study.db", SPACE, seed=seed).propose() for seed in range(10)]

    near = [abs(log10(proposal["optimizer.lr"] / 3e-3)) < 0.3 for proposal in proposals]
    assert sum(near) >= 7  # 3 of 10 by chance
    assert next(iter(study.importance())) == "optimizer.lr"
    assert sum(study.importance().values()) == pytest.approx(1)


def test_a_trial_falls_behind_below_the_median_of_finished_ones_at_its_epoch(study: Study) -> None:
    for number in range(PATIENCE):
        assert not study.falls_behind({4: 0.0})
        settings = {"optimizer.lr": 1e-3, "loss.weighting": "uncertainty"}
        study.add(made(number, 0.2 + number / 10, **settings))  # .1, .15, .2, .25 at epoch 4

    assert study.falls_behind({4: 0.17})
    assert not study.falls_behind({4: 0.18})
    assert not study.falls_behind({3: 0.0})  # nobody else was validated there
    assert study.importance() == {}
    assert PATIENCE < TELLING


def test_a_run_is_ended_where_it_falls_behind_but_not_at_its_last_validation(
    tmp_path: Path,
) -> None:
    history = tmp_path / "history.jsonl"
    history.write_text('{"step": 2, "epoch": 1, "val": {"macro": 0.3}}\n{"step": 3, "lo')
    seen: list[dict[int, float]] = []

    def behind(validations: Any) -> bool:
        seen.append(dict(validations))
        return True

    judge = Judge(history, behind, lambda _kind, _values: None)
    judge("step", {"step": 4, "total": 6})
    with pytest.raises(FellBehind):
        judge("validation", {"step": 4, "epoch": 2, "val": {"macro": 0.2}})
    judge("validation", {"step": 6, "epoch": 3, "val": {"macro": 0.1}})

    assert seen == [{1: 0.3, 2: 0.2}]
    assert judge.validations == {1: 0.3, 2: 0.2, 3: 0.1}


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


@pytest.mark.parametrize(
    ("space", "says"),
    [
        ({"optimiser.lr": {"low": 1e-4, "high": 1e-2}}, "no section optimiser"),
        ({"optimizer.rate": {"low": 1e-4, "high": 1e-2}}, "no key 'rate'"),
        ({"optimizer.lr": {"low": 0.0, "high": 1e-2}}, "greater than 0"),
        ({"optimizer.lr": {"low": 0.0, "high": 1e-2, "log": True}}, "no logarithm"),
        ({"optimizer.lr": {"low": 0.1, "high": 0.01}}, "not below"),
        ({"optimizer.lr": {"low": 0.1}}, "high: Field required"),
        ({"optimizer.lr": {"low": 0.1, "high": 1, "step": 0.1}}, "Extra inputs"),
        ({"optimizer.lr": 0.1}, "write {"),
        ({"run.precision": {"choices": ["float32", "float8"]}}, 'value "float8"'),
        ({"run.precision": {"choices": []}}, "choices"),
        ({"run.batch_size": {"low": 16.5, "high": 32}}, "run.batch_size"),
        ({"run.epochs": {"low": 1.0, "high": 2.0}}, "run.epochs"),
        ({"encoder.text": {"choices": ["bert"]}}, "a section"),
        ({"run.seed": {"choices": [1, 2]}}, "fixed by --set"),
        ({}, "section.key"),
    ],
)
def test_a_space_that_cannot_be_searched_is_refused(
    tmp_path: Path, space: dict[str, Any], says: str
) -> None:
    path = tmp_path / "space.json"
    path.write_text(json.dumps(space))

    with pytest.raises(UsageError, match=re.escape(says)) as refused:
        SearchPlan.of("small", ("run.seed=3",), read_space(path))
    assert refused.value.exit_code == 2


def test_a_space_reads_the_same_from_json_and_toml(tmp_path: Path) -> None:
    (tmp_path / "space.json").write_text(
        '{"optimizer.lr": {"low": 1e-4, "high": 0.01, "log": true}, '
        '"loss.weighting": {"choices": ["uncertainty", "fixed"]}, '
        '"run.epochs": {"low": 2, "high": 9}}'
    )
    (tmp_path / "space.toml").write_text(
        "[optimizer]\nlr = {low = 1e-4, high = 0.01, log = true}\n"
        '[loss.weighting]\nchoices = ["uncertainty", "fixed"]\n["run.epochs"]\nlow = 2\nhigh = 9\n'
    )

    space = read_space(tmp_path / "space.json")

    assert space == {**SPACE, "run.epochs": Range(low=2, high=9)}
    assert read_space(tmp_path / "space.toml") == space
    with pytest.raises(UsageError, match=r"absent\.json"):
        read_space(tmp_path / "absent.json")


def test_whole_bounds_are_tried_as_whole_numbers_only_where_the_setting_is_one(
    tmp_path: Path,
) -> None:
    space: Space = {"run.epochs": Range(low=1, high=9), "pairs.whole": Range(low=0, high=1)}
    plan = SearchPlan.of("small", (), space)
    proposal = Study(tmp_path / "study.db", plan.space, seed=0).propose()

    assert isinstance(proposal["run.epochs"], int)
    assert isinstance(proposal["pairs.whole"], float)
    assert 0 < proposal["pairs.whole"] < 1


@pytest.mark.parametrize(
    ("settings", "absent", "present"),
    [
        ((), "optimizer.pretrained_lr", "optimizer.tower_lr"),
        (("text.tower=minilm",), "run.ema", "optimizer.pretrained_lr"),
        (("optimizer.lr=0.01",), "optimizer.lr", "optimizer.tower_lr"),
        (("loss.objective=clip",), "loss.view_alignment", "pairs.whole"),
        (("loss.shares.local=0",), "loss.shares.local", "loss.view_alignment"),
    ],
)
def test_the_default_space_is_what_the_run_uses_and_nobody_fixed(
    settings: tuple[str, ...], absent: str, present: str
) -> None:
    for name in ("small", "base"):
        plan = SearchPlan.of(name, settings)
        assert present in plan.space
        assert absent not in plan.space
        assert plan.given() is not None


def test_the_page_shows_every_trial_and_needs_no_network(plan: SearchPlan) -> None:
    trials = [
        made(0, 0.4, **{"optimizer.lr": 1e-3, "loss.weighting": "uncertainty"}),
        Trial(
            number=1,
            state="pruned",
            settings={"optimizer.lr": 2e-3, "loss.weighting": "fixed"},
            validations={4: 0.1},
            note="below <the> median",
        ),
        made(2, 0.5, **{"optimizer.lr": 3e-3, "loss.weighting": "fixed"}),
    ]
    report = SearchReport(
        catalog="shop",
        plan=plan,
        trials=trials,
        best=[2, 0],
        importance={"optimizer.lr": 0.8, "loss.weighting": 0.2},
        command="uniecs train shop --out 'a & b'",
    )

    page = render_page(report)

    assert "http" not in page
    assert "src=" not in page
    assert page.count('class="dot best"') == 1 + 1 + 2  # legend, order, two settings
    assert page.count("<title>trial 1, pruned, macro R@10 0.100") == 1 + 2 + 2
    assert "below &lt;the&gt; median" in page
    assert "a &amp; b" in page
    assert "gain +10.0 points" in page


def test_a_page_of_no_trials_says_so(plan: SearchPlan) -> None:
    report = SearchReport(catalog="shop", plan=plan, trials=[], best=[], importance={}, command="")

    assert "0 finished" in render_page(report)


Tune = Callable[..., Any]


@pytest.fixture
def tune(accepted_catalog: Path, tmp_path: Path) -> Tune:
    def run(*options: str) -> Any:
        fixed = [word for setting in SETTINGS for word in ("--set", setting)]
        words = ["tune", str(accepted_catalog), "--out", str(tmp_path / "out"), *fixed, *options]
        return CliRunner().invoke(app, words)

    return run


def test_the_command_searches_prints_the_best_and_goes_on(tune: Tune, tmp_path: Path) -> None:
    first = tune("--trials", "1")
    second = tune("--trials", "1", "--json")

    assert first.exit_code == 0, first.output
    assert "uniecs train" in first.stdout
    assert "optimizer.lr" in first.stdout
    assert "trial 0 finished: macro R@10" in first.stderr
    assert "the best so far" in first.stderr
    report = SearchReport.model_validate_json(second.stdout)
    assert [trial.number for trial in report.trials] == [0]
    assert "trial 0" not in second.stderr
    assert (tmp_path / "out" / "trials.html").is_file()


def test_the_command_refuses_a_wrong_space_with_exit_code_2(tune: Tune, tmp_path: Path) -> None:
    (tmp_path / "space.json").write_text('{"optimizer.rate": {"low": 0.1, "high": 1}}')

    refused = tune("--space", str(tmp_path / "space.json"))

    assert isinstance(refused.exception, UsageError)
    assert refused.exception.exit_code == 2
    assert not (tmp_path / "out").exists()


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
