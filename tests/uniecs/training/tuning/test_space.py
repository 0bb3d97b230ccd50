"""What may be searched."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.uniecs.training.tuning.conftest import SPACE
from uniecs.errors import UsageError
from uniecs.training.tuning.plan import SearchPlan
from uniecs.training.tuning.space import Range, Space, read_space
from uniecs.training.tuning.study import Study


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
