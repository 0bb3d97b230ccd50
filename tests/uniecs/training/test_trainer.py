"""The parts of the training loop, one at a time."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from tests.uniecs.training.conftest import TINY, VIT, Parts
from uniecs.encoder.build import build_encoder
from uniecs.training.config import TrainConfig, preset
from uniecs.training.distributed import ALONE, Processes
from uniecs.training.trainer import Epochs, Trainer, averaged
from uniecs.training.validation import Validator


def trainer_of(parts: Parts, folder: Path, *settings: str, world: Processes = ALONE) -> Trainer:
    folder.mkdir(exist_ok=True)
    listings = [parts.relations.row[pair.candidate.product_id] for pair in parts.pairs]
    return Trainer(
        preset("small", [VIT, *TINY, *settings]),
        parts.build(),
        parts.batcher(),
        Epochs(lambda _epoch: parts.pairs, listings, 1),
        Validator(parts.catalog, parts.relations, parts.processor),
        folder=folder,
        report=lambda _row: None,
        world=world,
    )


@pytest.mark.parametrize("seen", [True, False])
def test_a_process_hears_what_was_mined_whether_or_not_it_sees_the_file(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    first = trainer_of(parts, tmp_path / "first", "run.hard_negatives=1")
    first.progress.epoch = 1
    expected = first._neighbours() or {}
    late = trainer_of(
        parts,
        tmp_path / ("first" if seen else "apart"),
        "run.hard_negatives=1",
        world=Processes(rank=1, count=2),
    )
    late.progress.epoch = 1
    told = np.load(tmp_path / "first" / "negatives" / "1.npy")
    asked: list[list[Any]] = []

    def broadcast(objects: list[Any], source: int) -> None:
        asked.append(list(objects))
        objects[source] = told

    monkeypatch.setattr(dist, "broadcast_object_list", broadcast)
    monkeypatch.setattr(dist, "barrier", lambda: pytest.fail("the others do not wait here"))

    assert late._neighbours() == expected
    assert asked == [[None]]
    assert any(expected.values())


def test_a_validation_is_no_part_of_the_time_of_steps(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(_validator: Validator, _model: object) -> dict[str, float]:
        time.sleep(0.3)
        return {"macro": 0.0}

    monkeypatch.setattr(Validator, "recall", slow)
    trainer = trainer_of(parts, tmp_path, "run.batch_size=32")
    began = time.monotonic()

    trainer.fit()

    waiting, whole = trainer.waiting, time.monotonic() - began
    assert 0 < waiting.worked < waiting.seconds + waiting.worked < whole - 0.3


def test_what_is_kept_is_the_average_by_its_recursion(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``a_1 = w_1``, then ``a_k = d a_(k-1) + (1 - d) w_k``."""
    decay, after = 0.8, list[dict[str, Tensor]]()
    take_step = Trainer._step

    def step(trainer: Trainer, *given: Any) -> None:
        take_step(trainer, *given)
        after.append({name: p.detach().clone() for name, p in trainer.model.named_parameters()})

    monkeypatch.setattr(Trainer, "_step", step)
    trainer = trainer_of(parts, tmp_path, f"run.ema={decay}", "run.batch_size=16")

    trainer.fit()

    assert len(after) >= 4
    for name, kept in trainer.model.named_parameters():
        expected = after[0][name]
        for weights in after[1:]:
            expected = decay * expected + (1 - decay) * weights[name]
        torch.testing.assert_close(kept, expected, rtol=0, atol=1e-12, msg=name)
    assert any(
        not torch.allclose(kept, after[-1][name]) for name, kept in trainer.model.named_parameters()
    )


def test_running_statistics_are_averaged_beside_the_weights(tiny_config: TrainConfig) -> None:
    texts = [f"{colour} {thing}" for colour in ("red", "blue") for thing in ("mug", "lamp")] * 4
    model, _ = build_encoder(tiny_config.encoder, texts, seed=0)
    average = averaged(model, 0.75)
    name, buffer = next((n, b) for n, b in model.named_buffers() if n.endswith("running_mean"))

    for value in (1.0, 5.0, 9.0):
        buffer.fill_(value)
        average.update_parameters(model)

    found = average.module.get_buffer(name)
    torch.testing.assert_close(found, torch.full_like(found, 0.75 * (0.75 + 0.25 * 5) + 0.25 * 9))
