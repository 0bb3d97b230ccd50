"""A crash in the middle of an epoch: nothing is learned from twice, nothing is left out."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from uniecs.catalog.pairs import Pair
from uniecs.catalog.reading import Catalog
from uniecs.catalog.training_pairs import TrainingPairs
from uniecs.training.batches import Batcher, Plan
from uniecs.training.config import TrainConfig
from uniecs.training.run import train
from uniecs.training.trainer import Trainer


class Interrupted(Exception):
    """Stands for whatever ends a process."""


def listing_of(pair: Pair) -> str:
    """The listing that an epoch drew the pair for."""
    return pair.query.product_id if pair.kind == "composed" else pair.candidate.product_id


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, list[str]]]:
    """Each step that is taken, by its number from 0, and the listings that it learns from."""
    taken: list[tuple[int, list[str]]] = []
    planned: dict[int, tuple[Plan, list[str]]] = {}
    plan_pairs, take_step = Batcher.plan, Trainer._step

    def plan(batcher: Batcher, pairs: list[Pair], generator: Any) -> Plan:
        made = plan_pairs(batcher, pairs, generator)
        planned[id(made)] = made, [listing_of(pair) for pair in pairs]
        return made

    def step(trainer: Trainer, made: Plan, *given: Any) -> None:
        taken.append((trainer.progress.step, planned[id(made)][1]))
        take_step(trainer, made, *given)

    monkeypatch.setattr(Batcher, "plan", plan)
    monkeypatch.setattr(Trainer, "_step", step)
    return taken


@pytest.mark.parametrize("checkpoint_seconds", [0.001, 600.0])
def test_epochs_with_a_crash_in_the_middle_learn_from_each_listing_once(
    accepted_catalog: Path,
    tiny_config: TrainConfig,
    tmp_path: Path,
    steps: list[tuple[int, list[str]]],
    checkpoint_seconds: float,
) -> None:
    changes = {"epochs": 2, "batch_size": 8, "checkpoint_seconds": checkpoint_seconds}
    run = tiny_config.run.model_copy(update=changes)
    config = tiny_config.model_copy(update={"run": run})
    listings = TrainingPairs(Catalog(accepted_catalog), config.pairs).listings
    length = len(listings) // 8
    crash = length + length // 2

    def note(kind: str, values: dict[str, Any]) -> None:
        if kind == "step" and values["step"] == crash:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(accepted_catalog, tmp_path / "run", config, note=note)
    lost = list(steps)
    steps.clear()
    train(accepted_catalog, tmp_path / "run", config, resume=True)

    again = steps[0][0]
    assert again == (crash - 1 if checkpoint_seconds < 1 else 0)  # nothing was saved yet
    kept = [step for step in lost if step[0] < again] + steps
    assert [number for number, _ in kept] == list(range(2 * length))
    for epoch in (kept[:length], kept[length:]):
        assert Counter(i for _, ids in epoch for i in ids) == Counter(listings)
