"""The training loop: pairs in, a model folder out; resumable at any moment."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from uniecs.catalog.pairs import Pair
from uniecs.losses.directions import alignment_loss, intra_loss
from uniecs.losses.weighting import Temperatures, UncertaintyWeighting
from uniecs.training.batches import Batch, Batcher
from uniecs.training.checkpoint import (
    Progress,
    has_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from uniecs.training.config import TrainConfig
from uniecs.training.memory import EVERY, return_free_memory
from uniecs.training.optimization import build_optimizer, rate, set_rate
from uniecs.training.precision import faster_precision
from uniecs.training.validation import Validator
from uniecs.training.views import batch_views

FAMILIES: dict[str, Callable[..., torch.Tensor]] = {
    "alignment": alignment_loss,
    "intra": intra_loss,
}

Report = Callable[[dict[str, Any]], None]


class LossModule(nn.Module):
    """The learned parameters of the loss: temperatures and weights of the families."""

    def __init__(self) -> None:
        super().__init__()
        self.temperatures = Temperatures(tuple(FAMILIES))
        self.weighting = UncertaintyWeighting(tuple(FAMILIES))


class Trainer:
    """Runs the epochs of one config over one catalog.

    Args:
        config: Resolved config.
        model: Model to train, on its device.
        batcher: Makes batches of pairs.
        draw: Pairs of an epoch.
        epochs: Length of the run.
        validator: Scores the model on val.
        folder: Where checkpoint, best weights and history are kept.
        report: Called with one dict per step and per validation.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: Any,
        batcher: Batcher,
        draw: Callable[[int], list[Pair]],
        validator: Validator,
        *,
        epochs: int,
        folder: Path,
        report: Report,
    ) -> None:
        self.config = config
        self.model = model
        self.batcher = batcher
        self.draw = draw
        self.validator = validator
        self.epochs = epochs
        self.folder = folder
        self.report = report
        self.loss = LossModule().to(model.device)
        self.optimizer = build_optimizer(model, self.loss, config.optimizer)
        self.generator = torch.Generator().manual_seed(config.run.seed)
        self.progress = Progress()
        self.precision = config.run.precision
        self._saved = time.monotonic()

    @property
    def checkpoint(self) -> Path:
        """Folder of the checkpoint."""
        return self.folder / "checkpoint"

    def fit(self) -> Progress:
        """Train to the end, from the checkpoint if there is one; the best weights are kept."""
        torch.manual_seed(self.config.run.seed)
        self._restore()
        if self.precision == "auto":
            self.precision = faster_precision(self.model, self.config.encoder.image_size)
        run = self.config.run
        while self.progress.epoch < self.epochs:
            pairs = self._shuffled(self.progress.epoch)
            total = self.epochs * self._batches(pairs)
            self.model.train()
            self.loss.train()
            for chunk in self._remaining(pairs):
                self._step(self.batcher.batch(chunk, self.generator), total)
                self.progress.batch += 1
                if time.monotonic() - self._saved > run.checkpoint_seconds:
                    self._save()
            self.progress.epoch += 1
            self.progress.batch = 0
            if self.progress.epoch % run.validate_every == 0 or self.progress.epoch == self.epochs:
                self._validate()
            self._save()
        self.model.load_state_dict(load_file(self.folder / "best.safetensors"))
        return self.progress

    def _batches(self, pairs: list[Pair]) -> int:
        return max(1, len(pairs) // self.config.run.batch_size)

    def _shuffled(self, epoch: int) -> list[Pair]:
        pairs = self.draw(epoch)
        order = torch.Generator().manual_seed(self.config.run.seed * 1_000_003 + epoch)
        return [pairs[row] for row in torch.randperm(len(pairs), generator=order)]

    def _remaining(self, pairs: list[Pair]) -> Iterator[list[Pair]]:
        count = self._batches(pairs)
        for number in range(self.progress.batch, count):
            yield pairs[number::count]  # every pair once, batches of nearly equal size

    def _step(self, batch: Batch, total: int) -> None:
        share = rate(self.progress.step, total, self.config.optimizer)
        set_rate(self.optimizer, share)
        device = self.model.device
        half = self.precision == "bfloat16"
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            queries, candidates = batch_views(self.model, self.batcher.processor, batch)
        taus = self.loss.temperatures()
        targets = batch.targets.to(device)
        losses = {
            name: family(queries, candidates, targets, taus[name])
            for name, family in FAMILIES.items()
        }
        total_loss = self.loss.weighting(losses)
        self.optimizer.zero_grad(set_to_none=True)
        total_loss.backward()
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.optimizer.clip)
        self.optimizer.step()
        self.loss.temperatures.keep_in_range()
        self.progress.step += 1
        if self.progress.step % EVERY == 0:
            return_free_memory()
        self.report(
            {
                "step": self.progress.step,
                "total": total,
                "pairs": batch.queries,
                "loss": float(total_loss.detach()),
                **{f"loss_{name}": float(value.detach()) for name, value in losses.items()},
                **{f"weight_{name}": w for name, w in self.loss.weighting.weights().items()},
                **{f"tau_{name}": float(tau.detach()) for name, tau in taus.items()},
                "lr": self.optimizer.param_groups[0]["lr"],
                "gradient_norm": float(norm),
            }
        )

    def _validate(self) -> None:
        scores = self.validator.recall(self.model)
        if scores["macro"] > self.progress.best:
            self.progress.best = scores["macro"]
            self.progress.best_epoch = self.progress.epoch
            partial = self.folder / "best.partial"
            save_file(
                {k: v.detach().cpu().contiguous() for k, v in self.model.state_dict().items()},
                partial,
            )
            partial.rename(self.folder / "best.safetensors")
        self.report({"step": self.progress.step, "epoch": self.progress.epoch, "val": scores})

    def _save(self) -> None:
        state = {
            "progress": asdict(self.progress),
            "precision": self.precision,
            "config": self.config.model_dump(mode="json"),
        }
        modules = {"model": self.model, "loss": self.loss}
        save_checkpoint(self.checkpoint, modules, self.optimizer, self.generator, state)
        self._saved = time.monotonic()

    def _restore(self) -> None:
        if not has_checkpoint(self.checkpoint):
            return
        modules = {"model": self.model, "loss": self.loss}
        state = load_checkpoint(self.checkpoint, modules, self.optimizer, self.generator)
        self.progress = Progress(**state["progress"])
        self.precision = state["precision"]


def write_json(path: Path, value: Any) -> None:
    """Write JSON through a partial file and a rename."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")
    partial.rename(path)
