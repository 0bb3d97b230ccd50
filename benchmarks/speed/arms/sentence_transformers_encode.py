"""sentence_transformers: ``SentenceTransformer.encode`` over CLIP."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer

from benchmarks.speed.inputs import Inputs
from benchmarks.speed.lists import BATCH, kinds, taken_apart
from benchmarks.speed.sizes import SIZES
from benchmarks.speed.towers import clip_folder


class Arm:
    """One modality per call: a batch of both is refused (sentence-transformers PR 3554)."""

    def __init__(self, spec: dict[str, Any]) -> None:
        size, inputs = SIZES[spec["size"]], Inputs(Path(spec["inputs"]))
        folder = str(clip_folder(size, inputs))
        model = {"dtype": getattr(torch, spec["precision"])}
        modules = [Transformer(folder, model_kwargs=model)]
        self.model = SentenceTransformer(modules=modules, device="cpu")
        self.rows = kinds(inputs, spec["items"])

    def ready(self) -> dict[str, Any]:
        """Nothing that others need."""
        return {}

    def run(self, task: str) -> None:
        """Encode one list."""
        taken_apart(self.rows[task], self._encode, self._encode)

    def facts(self) -> dict[str, Any]:
        """Precision of the weights."""
        return {"precision": str(self.model.dtype).removeprefix("torch.")}

    def _encode(self, inputs: list[str] | list[Image.Image]) -> Any:
        return self.model.encode(
            inputs, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
