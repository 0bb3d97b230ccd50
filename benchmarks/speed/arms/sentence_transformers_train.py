"""sentence_transformers' training step: CLIP in its ``Transformer``, its cached ranking loss."""

from pathlib import Path
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss

from benchmarks.speed.inputs import Inputs
from benchmarks.speed.sizes import SIZES
from benchmarks.speed.towers import clip_folder
from benchmarks.speed.training import (
    count_flops,
    normalised,
    peer_optimizer,
    pictures,
    tokens,
    update,
)


class Arm:
    """B pictures against their B texts; every tower runs forward twice, that is the method."""

    def __init__(self, spec: dict[str, Any]) -> None:
        size, inputs = SIZES[spec["size"]], Inputs(Path(spec["inputs"]))
        self.precision = spec["precision"]
        ids, mask = tokens(inputs, spec["batch"])
        pixels = normalised(pictures(inputs, size, spec["batch"]))
        self.features: list[dict[str, Any]] = [
            {"pixel_values": pixels, "modality": "image"},
            {"input_ids": ids, "attention_mask": mask, "modality": "text"},
        ]
        folder = str(clip_folder(size, inputs))
        self.model = SentenceTransformer(modules=[Transformer(folder)], device="cpu").train()
        self.loss = CachedMultipleNegativesRankingLoss(self.model)
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
        # its trainer keeps the second forward pass, inside backward, in the same precision
        with torch.autocast("cpu", torch.bfloat16, enabled=self.precision == "bfloat16"):
            features = [dict(feature) for feature in self.features]
            self.loss(features, torch.zeros(0)).backward()
