"""How a run computes: chosen by what is measured, once for the whole run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.uniecs.training.conftest import RESNET, TINY
from uniecs.encoder.build import build_encoder
from uniecs.encoder.folder import verify_model_folder
from uniecs.encoder.model import UniECSModel
from uniecs.errors import UsageError
from uniecs.training import compute
from uniecs.training.compute import (
    ADVANTAGE,
    COMPUTE,
    LONG_S,
    Compute,
    Cost,
    choose_compute,
    towers_as_written,
    towers_in,
)
from uniecs.training.config import RunConfig, TrainConfig, preset
from uniecs.training.probe import Probe
from uniecs.training.run import train

EXACT, HALF = Compute("float32"), Compute("bfloat16")
EXACT_COMPILED, HALF_COMPILED = Compute("float32", True), Compute("bfloat16", True)
SHORT, LONG = 100.0, 4 * LONG_S  # passes, of a second each


def measured(seen: list[Compute], **seconds: Cost | float) -> Callable[[Compute], Cost]:
    """Costs by name: exact, half, exact_compiled, half_compiled; a way without a cost fails."""
    ways = {"exact": EXACT, "half": HALF}
    ways |= {"exact_compiled": EXACT_COMPILED, "half_compiled": HALF_COMPILED}
    costs = {ways[n]: c if isinstance(c, Cost) else Cost(c) for n, c in seconds.items()}

    def measure(way: Compute) -> Cost:
        seen.append(way)
        if way not in costs:
            raise RuntimeError("no working C++ compiler found\nsearched: g++")
        return costs[way]

    return measure


@pytest.mark.parametrize(
    ("half", "expected"), [(1.0, EXACT), (1 / ADVANTAGE + 0.01, EXACT), (0.8, HALF)]
)
def test_half_precision_must_be_worth_it(half: float, expected: Compute) -> None:
    seen: list[Compute] = []

    assert choose_compute(RunConfig(), SHORT, measured(seen, exact=1.0, half=half)) == expected
    assert seen == [EXACT, HALF]


def test_in_a_short_run_compiling_is_not_tried() -> None:
    seen: list[Compute] = []
    costs = measured(seen, exact=1.0, half=1.0, exact_compiled=0.01)

    assert choose_compute(RunConfig(), LONG_S, costs) == EXACT
    assert seen == [EXACT, HALF]
    assert choose_compute(RunConfig(), LONG_S + 1, costs) == EXACT_COMPILED
    assert seen[2:] == [EXACT, HALF, EXACT_COMPILED]


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (Cost(0.6, 144.0), HALF_COMPILED),
        (Cost(0.6, 0.1 * LONG), HALF),  # (.6 + .1) * 1.15 > .8: compiling eats what it saves
        (Cost(0.75, 144.0), HALF),
        (Cost(3.5, 144.0), HALF),
    ],
)
def test_in_a_long_run_compiling_must_pay_for_itself(cost: Cost, expected: Compute) -> None:
    costs = measured([], exact=1.0, half=0.8, half_compiled=cost)

    assert choose_compute(RunConfig(), LONG, costs) == expected


def test_what_the_config_says_is_not_measured() -> None:
    seen: list[Compute] = []
    settled = RunConfig(precision="bfloat16", compile="off")

    assert choose_compute(settled, LONG, measured(seen)) == HALF
    assert seen == []


def test_compiling_can_be_forced_where_it_is_slower() -> None:
    costs = measured([], exact=1.0, half=1.0, exact_compiled=Cost(9.0, 100.0))

    assert choose_compute(RunConfig(compile="on"), SHORT, costs) == EXACT_COMPILED


def test_frozen_towers_are_not_compiled(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Compute] = []

    chosen = choose_compute(RunConfig(), LONG, measured(seen, exact=1.0, half=0.5), frozen=True)

    assert chosen == HALF
    assert seen == [EXACT, HALF]
    assert not caplog.records
    with pytest.raises(UsageError, match="nothing to compile"):
        preset("small", ["encoder.adapters=true", "run.compile=on"])


def test_without_a_compiler_the_towers_stay_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    costs = measured([], exact=1.0, half=1.0)

    assert choose_compute(RunConfig(), LONG, costs) == EXACT
    assert "not compiled: torch.compile failed (RuntimeError: no working C++ compiler found)" in (
        caplog.text
    )
    with pytest.raises(UsageError, match=r"run.compile=on.*no working C\+\+ compiler found\)"):
        choose_compute(RunConfig(compile="on"), SHORT, costs)


@pytest.fixture
def tiny(tiny_config: TrainConfig) -> UniECSModel:
    texts = [f"{colour} {thing}" for colour in ("red", "blue") for thing in ("mug", "lamp")] * 4
    model, _ = build_encoder(tiny_config.encoder, texts, seed=0)
    return model


@pytest.mark.parametrize("training", [True, False])
def test_a_probe_leaves_no_trace(tiny: UniECSModel, training: bool) -> None:
    tiny.train(training)
    before = {name: value.clone() for name, value in tiny.state_dict().items()}
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)

    costs = [Probe(tiny, 32)(way) for way in (EXACT, HALF)]

    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(value, before[name]) for name, value in tiny.state_dict().items())
    assert all(p.grad is None for p in tiny.parameters())
    assert tiny.training == training
    assert all(cost.each > 0 and cost.once == 0 for cost in costs)


def test_compiled_towers_are_as_before_afterwards(
    tiny: UniECSModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[nn.Module] = []

    def stand_in(module: nn.Module, *, dynamic: bool) -> None:
        compiled.append(module)
        module._compiled_call_impl = lambda *_given, **_named: "compiled"

    monkeypatch.setattr(nn.Module, "compile", stand_in)
    names = list(tiny.state_dict())

    def killed() -> None:
        with towers_in(tiny, EXACT_COMPILED):
            assert tiny.vision(torch.zeros(1, 3, 32, 32)) == "compiled"
            assert list(tiny.state_dict()) == names
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()

    assert compiled == [tiny.vision, tiny.text]
    assert tiny.vision(torch.zeros(1, 3, 32, 32)).shape[0] == 1
    with towers_in(tiny, EXACT), towers_as_written(EXACT):
        assert compiled == [tiny.vision, tiny.text]


def fails(*_given: Any, **_named: Any) -> None:
    raise RuntimeError("no compiler here")


def changed(config: TrainConfig, **run: Any) -> TrainConfig:
    return config.model_copy(update={"run": config.run.model_copy(update=run)})


def test_a_short_run_never_compiles(
    accepted_catalog: Path,
    tiny_config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nn.Module, "compile", fails)
    config = changed(tiny_config, epochs=1, precision="auto")

    report = train(accepted_catalog, tmp_path / "run", config)

    assert not report.compiled


def test_a_run_whose_towers_cannot_be_compiled_trains_all_the_same(
    accepted_catalog: Path,
    tiny_config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(module: nn.Module, *, dynamic: bool) -> None:
        module._compiled_call_impl = fails

    monkeypatch.setattr(nn.Module, "compile", broken)
    monkeypatch.setattr(compute, "LONG_S", 0.0)
    config = changed(tiny_config, epochs=1)

    report = train(accepted_catalog, tmp_path / "run", config)

    assert not report.compiled
    with pytest.raises(UsageError, match="no compiler here"):
        train(accepted_catalog, tmp_path / "other", changed(config, compile="on"))


class Interrupted(Exception):
    """Stands for whatever ends a process."""


def test_a_run_that_goes_on_computes_as_it_began(
    accepted_catalog: Path,
    tiny_config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = changed(tiny_config, epochs=1, precision="auto", checkpoint_seconds=600.0)
    costs = measured([], exact=1.0, half=0.5)
    monkeypatch.setattr(Probe, "__call__", lambda _probe, way: costs(way))

    def note(kind: str, _values: dict[str, Any]) -> None:
        if kind == "step":
            raise Interrupted

    with pytest.raises(Interrupted):
        train(accepted_catalog, tmp_path / "run", config, note=note)
    assert not (tmp_path / "run" / "checkpoint").exists()
    settled = json.loads((tmp_path / "run" / COMPUTE).read_text())
    assert settled == {"precision": "bfloat16", "compiled": False}

    monkeypatch.setattr(Probe, "__call__", lambda _probe, _way: pytest.fail("measured again"))
    report = train(accepted_catalog, tmp_path / "run", config, resume=True)

    assert (report.precision, report.compiled) == ("bfloat16", False)
    assert not (tmp_path / "run" / COMPUTE).exists()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_compiled_run_learns_what_an_eager_one_does(
    accepted_catalog: Path, tmp_path: Path
) -> None:
    from torch._dynamo.utils import counters

    config = preset("small", [RESNET, *TINY, "run.epochs=2", "run.compile=off"])
    eager = train(accepted_catalog, tmp_path / "eager", config)
    counters.clear()

    compiled = train(accepted_catalog, tmp_path / "compiled", changed(config, compile="on"))

    assert (eager.compiled, compiled.compiled) == (False, True)
    assert counters["stats"]["unique_graphs"] >= 2
    losses = [
        [row["loss"] for row in map(json.loads, history.read_text().splitlines()) if "loss" in row]
        for name in ("eager", "compiled")
        for history in [tmp_path / name / "history.jsonl"]
    ]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert losses[1][0] == pytest.approx(losses[0][0], rel=1e-4)
    assert verify_model_folder(tmp_path / "compiled" / "model").version == compiled.model_version
