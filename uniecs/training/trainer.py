"""The training loop: pairs in, a model folder out; resumable at any moment."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from uniecs.catalog.pairs import Pair
from uniecs.losses.objective import build_objective
from uniecs.training.batches import Batcher, Inputs, Plan
from uniecs.training.checkpoint import (
    Progress,
    has_checkpoint,
    load_checkpoint,
    save_checkpoint,
)
from uniecs.training.compute import (
    Compute,
    choose_compute,
    settled_compute,
    towers_as_written,
    towers_in,
)
from uniecs.training.config import TrainConfig
from uniecs.training.distributed import ALONE, Processes
from uniecs.training.loader import Waiting, made_ahead
from uniecs.training.lookalikes import mine_neighbours
from uniecs.training.memory import EVERY, return_free_memory
from uniecs.training.optimization import build_optimizer, rate, set_rate
from uniecs.training.probe import ROWS, Probe
from uniecs.training.sampler import epoch_batches
from uniecs.training.step import backward
from uniecs.training.validation import Validator
from uniecs.training.views import Entries, entry_views

Report = Callable[[dict[str, Any]], None]
Ready = tuple[Plan, list[Inputs]]


@dataclass(frozen=True)
class Epochs:
    """The pairs of a run.

    Attributes:
        draw: Epoch -> its pairs, one per training listing and always in the order of listings.
        listings: [N] product rows of the training listings.
        count: Length of the run.
    """

    draw: Callable[[int], list[Pair]]
    listings: list[int]
    count: int


class Trainer:
    """Runs the epochs of one config over one catalog.

    Args:
        config: Resolved config.
        model: Model to train, on its device.
        batcher: Makes batches of pairs.
        epochs: What is trained on, and for how long.
        validator: Scores the model on val.
        folder: Where checkpoint, best weights and history are kept.
        report: Called with one dict per step and per validation.
        world: The processes that train together.
    """

    def __init__(
        self,
        config: TrainConfig,
        model: Any,
        batcher: Batcher,
        epochs: Epochs,
        validator: Validator,
        *,
        folder: Path,
        report: Report,
        world: Processes = ALONE,
    ) -> None:
        self.config = config
        self.model = model
        self.batcher = batcher
        self.epochs = epochs
        self.validator = validator
        self.folder = folder
        self.report = report
        self.world = world
        self.objective = build_objective(config.loss).to(model.device, model.dtype)
        self.optimizer = build_optimizer(model, self.objective, config.optimizer)
        self.average = averaged(model, config.run.ema) if config.run.ema else None
        self.progress = Progress()
        self.compute = Compute()
        self.waiting = Waiting()
        self._saved = time.monotonic()

    @property
    def checkpoint(self) -> Path:
        """Folder of the checkpoint."""
        return self.folder / "checkpoint"

    @property
    def kept(self) -> Any:
        """The model whose weights are kept: the average of them, where there is one."""
        return self.model if self.average is None else self.average.module

    def fit(self) -> Progress:
        """Train to the end, from the checkpoint if there is one; the best weights are kept."""
        torch.manual_seed(self.config.run.seed)
        self._restore()
        self.compute = self.world.once(lambda: settled_compute(self.folder, self._choose))
        with towers_in(self.model, self.compute):
            while self.progress.epoch < self.epochs.count:
                self._epoch()
        if self.world.first:
            self.model.load_state_dict(load_file(self.folder / "best.safetensors"))
        self.world.same(self.model.state_dict().values())
        return self.progress

    def _choose(self) -> Compute:
        run = self.config.run
        steps = self.epochs.count * max(1, len(self.epochs.listings) // run.batch_size)
        passes = steps * 2 * run.batch_size / ROWS / self.world.count
        probe = Probe(self.model, max(self.batcher.processor.image_size))
        return choose_compute(run, passes, probe, frozen=self.model.config.adapters)

    def _epoch(self) -> None:
        run, epoch = self.config.run, self.progress.epoch
        pairs = self.epochs.draw(epoch)
        groups = [self.batcher.products[row].group for row in self.epochs.listings]
        order = Random(f"{run.seed}:{epoch}:order")
        batches = epoch_batches(
            groups, run.batch_size, order, self._neighbours(), together=run.together
        )
        total = self.epochs.count * len(batches)
        self.model.train()
        self.objective.train()
        remaining = list(enumerate(batches))[self.progress.batch :]
        for plan, chunks in self._made(pairs, remaining):
            with self.waiting.working():
                self._step(plan, chunks, total)
            self.progress.batch += 1
            self._save_in_time()
        self.objective.end_epoch()
        self.progress.epoch += 1
        self.progress.batch = 0
        if (
            self.progress.epoch % run.validate_every == 0
            or self.progress.epoch == self.epochs.count
        ):
            self._validate()
        self._save_in_time()

    def _made(self, pairs: list[Pair], batches: list[tuple[int, list[int]]]) -> Iterator[Ready]:
        """Plans and this process's inputs, made ahead; each batch draws from a seed of its own."""
        run, epoch = self.config.run, self.progress.epoch

        def make(task: tuple[int, list[int]]) -> Ready:
            number, members = task
            seed = Random(f"{run.seed}:{epoch}:{number}").getrandbits(63)
            generator = torch.Generator().manual_seed(seed)
            plan = self.batcher.plan([pairs[row] for row in members], generator)
            start, stop = self.world.share(len(plan.sides))
            size = run.chunk or stop - start
            bounds = range(start, stop, max(1, size))
            return plan, [self.batcher.inputs(plan, at, min(at + size, stop)) for at in bounds]

        return made_ahead(batches, make, self.waiting)

    def _encode(self, inputs: Inputs) -> Entries:
        half = self.compute.precision == "bfloat16"
        with torch.autocast(self.model.device.type, torch.bfloat16, enabled=half):
            return entry_views(self.model, self.batcher.processor, inputs)

    def _step(self, plan: Plan, chunks: list[Inputs], total: int) -> None:
        share = rate(self.progress.step, total, self.config.optimizer)
        set_rate(self.optimizer, share)
        self.optimizer.zero_grad(set_to_none=True)
        loss, logged = backward(
            self.model, self._encode, self.objective, plan, chunks, world=self.world
        )
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), self.config.optimizer.clip)
        self.optimizer.step()
        self.objective.after_step()
        if self.average is not None:
            self.average.update_parameters(self.model)
        self.progress.step += 1
        if self.progress.step % EVERY == 0:
            return_free_memory()
        if self.world.first:
            self.report(
                {
                    "step": self.progress.step,
                    "total": total,
                    "pairs": plan.queries,
                    "loss": float(loss),
                    **logged,
                    "lr": self.config.optimizer.lr * share,
                    "gradient_norm": float(norm),
                }
            )

    def _neighbours(self) -> dict[int, list[int]] | None:
        """What the encoder confused when it was last asked; asked again as the config says.

        Kept beside the checkpoint under the epoch's number, so that a run that goes on in the
        middle of an epoch deals out the same batches. The first process asks and tells the others:
        its running statistics are those that are kept.
        """
        every, epoch = self.config.run.hard_negatives, self.progress.epoch
        if not every or epoch < every:
            return None
        path = self.folder / "negatives" / f"{epoch - epoch % every}.npy"
        mined = self.world.once(lambda: self._mined(path))
        return {row: [int(o) for o in others if o >= 0] for row, others in enumerate(mined)}

    def _mined(self, path: Path) -> npt.NDArray[np.int32]:
        """Neighbours [N, MINED] from a file, made first where it is missing."""
        if not path.exists():
            with towers_as_written(self.compute):
                found = mine_neighbours(
                    self.model,
                    self.batcher.processor,
                    self.batcher,
                    self.epochs.listings,
                    self.batcher.relations,
                )
            path.parent.mkdir(exist_ok=True)
            partial = path.with_suffix(".partial.npy")
            np.save(partial, found)
            partial.rename(path)
        return np.asarray(np.load(path), dtype=np.int32)

    def _validate(self) -> None:
        self.world.same(self.model.buffers())
        if not self.world.first:
            return
        with towers_as_written(self.compute):
            scores = self.validator.recall(self.kept)
        if scores["macro"] >= self.progress.best:  # of equals the last: a val may have no pairs
            self.progress.best = scores["macro"]
            self.progress.best_epoch = self.progress.epoch
            partial = self.folder / "best.partial"
            state = self.kept.state_dict()
            save_file({k: v.detach().cpu().contiguous() for k, v in state.items()}, partial)
            partial.rename(self.folder / "best.safetensors")
        self.report({"step": self.progress.step, "epoch": self.progress.epoch, "val": scores})

    @property
    def _modules(self) -> dict[str, nn.Module]:
        modules: dict[str, nn.Module] = {"model": self.model, "objective": self.objective}
        return modules if self.average is None else {**modules, "average": self.average}

    def _save_in_time(self) -> None:
        """Save where the last time is long enough ago: a large model takes seconds to write."""
        if time.monotonic() - self._saved > self.config.run.checkpoint_seconds:
            self._save()

    def _save(self) -> None:
        if self.world.first:
            state = {
                "progress": asdict(self.progress),
                "config": self.config.model_dump(mode="json"),
            }
            save_checkpoint(self.checkpoint, self._modules, self.optimizer, state)
        self._saved = time.monotonic()

    def _restore(self) -> None:
        if not self.world.once(lambda: has_checkpoint(self.checkpoint)):
            return
        state = load_checkpoint(self.checkpoint, self._modules, self.optimizer)
        self.progress = Progress(**state["progress"])


def averaged(model: nn.Module, decay: float) -> AveragedModel:
    """A copy that follows: ``a <- d a + (1 - d) w`` of weights and running statistics.

    The first update takes the weights as they are.
    """
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
