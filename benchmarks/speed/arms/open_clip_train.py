"""open_clip's training step: its towers, its ``ClipLoss``."""

from pathlib import Path
from typing import Any

import torch

from benchmarks.speed.inputs import Inputs
from benchmarks.speed.open_clip_model import build, open_clip
from benchmarks.speed.sizes import SIZES
from benchmarks.speed.training import (
    count_flops,
    normalised,
    peer_optimizer,
    pictures,
    tokens,
    update,
)


class Arm:
    """B pictures against their B texts."""

    def __init__(self, spec: dict[str, Any]) -> None:
        size, inputs = SIZES[spec["size"]], Inputs(Path(spec["inputs"]))
        self.precision = spec["precision"]
        self.pixels = normalised(pictures(inputs, size, spec["batch"]))
        self.ids, _ = tokens(inputs, spec["batch"])
        self.model = build(size, inputs, context=self.ids.shape[1]).train()
        self.loss = open_clip().ClipLoss()
        self.optimizer = peer_optimizer(self.model.parameters())

    def ready(self) -> dict[str, Any]:
        """Nothing that others need."""
        return {}

    def run(self, task: str) -> None:  # noqa: ARG002 - there is one task
        """One optimizer step."""
        self._backward()
        update(self.model, self.optimizer)

    def facts(self) -> dict[str, Any]:
        """FLOPs and precision of a step."""
        return {"flops": count_flops(self._backward), "precision": self.precision}

    def _backward(self) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            image, text, scale = self.model(self.pixels, self.ids)
            loss = self.loss(image, text, scale)
        loss.backward()
