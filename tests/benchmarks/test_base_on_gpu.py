"""The figures of the run on a GPU: what is counted and timed does not need one."""

from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import base_on_gpu
from benchmarks.base_on_gpu import TRIED, WARM_UP, Clock, epochs_within, flops_per_pair
from tests.uniecs.training.conftest import RESNET, TINY
from uniecs.encoder.loading import load_model_folder
from uniecs.errors import UsageError
from uniecs.evaluation.report import read_report


def test_flops_are_those_of_the_products_and_of_the_attention(tiny_model: Path) -> None:
    model, processor, _ = load_model_folder(tiny_model)
    products = 0

    def count(module: nn.Module, given: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        nonlocal products
        weight = module.get_parameter("weight")
        products += 2 * out.numel() * weight[0].numel()

    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            module.register_forward_hook(count)
    ids = torch.ones(1, model.config.max_text_tokens, dtype=torch.long)
    with torch.no_grad():
        model(input_ids=ids, pixel_values=torch.zeros(1, 3, *processor.image_size))

    forward = flops_per_pair(tiny_model) / (2 * 3)

    assert products < forward < 1.5 * products


def stepped(path: Path, monkeypatch: pytest.MonkeyPatch, times: list[float]) -> Clock:
    """A clock that took a step of 8 pairs at each of the times."""
    clock = Clock(path)
    for time in times:
        monkeypatch.setattr("time.monotonic", lambda time=time: time)
        clock("pictures", {"done": 1, "total": 9})
        clock("step", {"pairs": 8})
    return clock


def test_a_clock_goes_on_where_a_run_was_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clock.jsonl"
    warm = [float(n) for n in range(WARM_UP)]  # the last of them at 9 seconds
    stepped(path, monkeypatch, [*warm, 11.0, 14.0])

    clock = stepped(path, monkeypatch, [*(1000 + n for n in warm), 1010.0])

    assert clock.pairs_per_second == pytest.approx(3 * 8 / (2 + 3 + 1))
    assert clock.step_seconds == pytest.approx(2.0)
    assert epochs_within(1.0, clock, steps=10) == 3
    assert epochs_within(0.1, clock, steps=10) == 1


def test_a_run_too_short_to_be_timed_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="2 epochs of 3 steps are too short"):
        epochs_within(15.0, Clock(tmp_path / "clock.jsonl"), steps=3)


def test_the_timed_run_is_not_run_again(accepted_catalog: Path, tmp_path: Path) -> None:
    settings = [RESNET, *TINY, f"run.epochs={TRIED}", "run.batch_size=8"]

    report = base_on_gpu._train(accepted_catalog, tmp_path, "probe", settings)
    rows = (tmp_path / "probe.jsonl").read_text()
    again = base_on_gpu._train(accepted_catalog, tmp_path, "probe", settings)

    assert again == report
    assert (tmp_path / "probe.jsonl").read_text() == rows
    assert len(rows.splitlines()) == report.steps - WARM_UP > 0


def test_quality_is_asked_with_the_whole_catalog_as_pool(
    accepted_catalog: Path, tmp_path: Path
) -> None:
    settings = [RESNET, *TINY, "run.epochs=1", "run.batch_size=8"]
    base_on_gpu._train(accepted_catalog, tmp_path, "run", settings)

    found = base_on_gpu._quality(accepted_catalog, tmp_path)

    report = read_report(tmp_path / "report")
    assert (report.pool, report.queries) == ("catalog", {})
    assert found.pop("macro") == pytest.approx(report.macro.recall_10, abs=1e-4)
    assert found == pytest.approx(
        {name: task.recall_10 for name, task in report.tasks.items()}, abs=1e-4
    )
