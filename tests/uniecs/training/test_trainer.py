"""The parts of the training loop, one at a time."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch.distributed as dist

from tests.uniecs.training.conftest import TINY, VIT, Parts
from uniecs.training.config import preset
from uniecs.training.distributed import ALONE, Processes
from uniecs.training.trainer import Epochs, Trainer
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
