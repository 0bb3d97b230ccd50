"""open_clip: its tokenizer, its evaluation transform, ``encode_text`` and ``encode_image``."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image

from benchmarks.speed.inputs import Inputs
from benchmarks.speed.lists import BATCH, kinds, taken_apart
from benchmarks.speed.open_clip_model import build, open_clip, tokenizer
from benchmarks.speed.sizes import SIZES


class Arm:
    """Batches of texts are padded to 77 tokens: its tokenizer knows nothing else."""

    def __init__(self, spec: dict[str, Any]) -> None:
        size, inputs = SIZES[spec["size"]], Inputs(Path(spec["inputs"]))
        self.dtype = getattr(torch, spec["precision"])
        self.model = build(size, inputs).eval().to(self.dtype)
        self.tokenizer = tokenizer(inputs)
        self.transform = open_clip().image_transform(size.image_size, is_train=False)
        self.rows = kinds(inputs, spec["items"])

    def ready(self) -> dict[str, Any]:
        """Nothing that others need."""
        return {}

    def run(self, task: str) -> None:
        """Encode one list."""
        with torch.inference_mode():
            taken_apart(self.rows[task], self._texts, self._pictures)

    def facts(self) -> dict[str, Any]:
        """Precision of the weights."""
        return {"precision": str(self.dtype).removeprefix("torch.")}

    def _texts(self, texts: list[str]) -> Any:
        parts = [
            self.model.encode_text(self.tokenizer(texts[n : n + BATCH]), normalize=True)
            for n in range(0, len(texts), BATCH)
        ]
        return torch.cat(parts).float().numpy()

    def _pictures(self, pictures: list[Image.Image]) -> Any:
        parts = []
        for n in range(0, len(pictures), BATCH):
            pixels = torch.stack([self.transform(picture) for picture in pictures[n : n + BATCH]])
            parts.append(self.model.encode_image(pixels.to(self.dtype), normalize=True))
        return torch.cat(parts).float().numpy()
