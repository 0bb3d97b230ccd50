"""What a study remembers and proposes, and which trials it gives up."""

from math import log10
from pathlib import Path
from typing import Any

import pytest

from tests.uniecs.training.tuning.conftest import SPACE, made
from uniecs.training.tuning.run_trial import FellBehind, Judge
from uniecs.training.tuning.study import PATIENCE, STARTUP, TELLING, Study, Trial


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
