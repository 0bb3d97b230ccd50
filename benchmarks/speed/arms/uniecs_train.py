"""Our training step: both towers, the fusion in three views, all losses.

This is the one file that follows the trainer: it calls what ``uniecs.training.trainer`` calls.
"""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.speed.inputs import Inputs as Drawn
from benchmarks.speed.our_encoder import build
from benchmarks.speed.sizes import SIZES
from benchmarks.speed.training import count_flops, pictures, tokens
from uniecs.catalog.pairs import Side
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.losses.config import LossConfig
from uniecs.losses.objective import build_objective
from uniecs.losses.views import Targets, View
from uniecs.training.batches import Inputs, Plan
from uniecs.training.compute import choose_compute
from uniecs.training.config import OptimizerConfig, RunConfig
from uniecs.training.memory import EVERY, return_free_memory
from uniecs.training.optimization import build_optimizer
from uniecs.training.pixels import NOISE
from uniecs.training.probe import Probe
from uniecs.training.step import backward
from uniecs.training.views import Entries, entry_views, two_sides


class Arm:
    """B/2 queries and B/2 candidates of picture and text: as many of each as the peers take."""

    def __init__(self, spec: dict[str, Any]) -> None:
        size, drawn = SIZES[spec["size"]], Drawn(Path(spec["inputs"]))
        self.model, self.processor = build(size, drawn)
        self.model.train()
        probe = Probe(self.model, size.image_size)
        self.precision = choose_compute(RunConfig(compile="off"), 1, probe).precision
        ids, mask = tokens(drawn, spec["batch"])
        self.plan = _plan(spec["batch"], ids.shape[1])
        self.inputs = _inputs(pictures(drawn, size, spec["batch"]), ids, mask)
        self.objective = build_objective(LossConfig())
        self.optimizer = build_optimizer(self.model, self.objective, OptimizerConfig())
        self.steps = 0
        self.sides: tuple[Entries, Entries] | None = None

    def ready(self) -> dict[str, Any]:
        """The precision that the probe took; the peers train in it too."""
        return {"precision": self.precision}

    def run(self, task: str) -> None:
        """One optimizer ``step``, or the ``loss`` alone: forward, and backward to the vectors."""
        if task == "loss":
            self.sides = self.sides or self._frozen()
            self.objective(*self.sides, self.plan.targets)[0].backward()
            return
        self.optimizer.zero_grad(set_to_none=True)
        self._backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.objective.after_step()
        self.steps += 1
        if self.steps % EVERY == 0:
            return_free_memory()

    def facts(self) -> dict[str, Any]:
        """FLOPs and precision of a step."""
        return {"flops": count_flops(self._backward), "precision": self.precision}

    def _backward(self) -> None:
        backward(self.model, self._encode, self.objective, self.plan, [self.inputs])

    def _encode(self, inputs: Inputs) -> Entries:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            return entry_views(self.model, self.processor, inputs)

    def _frozen(self) -> tuple[Entries, Entries]:
        """Views of both sides whose vectors are leaves."""
        with torch.no_grad():
            entries = self._encode(self.inputs)
        leaves = {
            presence: View(view.vectors.detach().requires_grad_(), view.places)
            for presence, view in entries.items()
        }
        return two_sides(leaves, self.plan.queries)


def _plan(entries: int, length: int) -> Plan:
    """Every entry has both modalities; query n is answered by candidate n."""
    queries = entries // 2
    right = torch.eye(queries, dtype=torch.bool).expand(2, -1, -1)
    shown = torch.full((queries,), int(Presence.BOTH))
    targets = Targets(
        positives=right,
        excluded=torch.zeros_like(right),
        unseen=torch.zeros(queries, dtype=torch.long),
        shown=(shown, shown),
    )  # all that a run's targets say, though here none is mismatched or halved
    return Plan(
        queries=queries,
        sides=[Side(str(n % queries), "words", "picture") for n in range(entries)],
        presence=[Presence.BOTH] * entries,
        fused=[Presence.BOTH] * entries,
        view_rows=dict.fromkeys(VIEWS, torch.arange(entries)),
        targets=targets,
        noise=torch.zeros(entries, NOISE),
        hidden=torch.zeros(entries, length, dtype=torch.bool),
    )


def _inputs(pixels: Tensor, ids: Tensor, mask: Tensor) -> Inputs:
    everything = torch.arange(len(pixels))
    return Inputs(
        pixels=pixels,
        image_rows=everything,
        input_ids=ids,
        attention_mask=mask,
        text_rows=everything,
        view_rows=dict.fromkeys(VIEWS, everything),
        fused=torch.full_like(everything, int(Presence.BOTH)),
    )
