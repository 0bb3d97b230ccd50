"""Ours: ``Encoder.encode`` on a list of items."""

from pathlib import Path
from typing import Any

from benchmarks.speed.inputs import Inputs
from benchmarks.speed.lists import BATCH, kinds
from benchmarks.speed.our_encoder import build
from benchmarks.speed.sizes import SIZES
from uniecs.catalog.items import Item
from uniecs.encoder.folder import save_model_folder
from uniecs.inference.encoder import Encoder


class Arm:
    """Loads a model folder, as serving does."""

    def __init__(self, spec: dict[str, Any]) -> None:
        size, inputs = SIZES[spec["size"]], Inputs(Path(spec["inputs"]))
        folder = inputs.folder / f"uniecs-{size.name}"
        save_model_folder(*build(size, inputs), folder, card="# Random weights\n")
        self.encoder = Encoder.load(folder, device="cpu", precision=spec["precision"])
        self.items = {
            kind: [Item(str(n), text, picture) for n, (text, picture) in enumerate(rows)]
            for kind, rows in kinds(inputs, spec["items"]).items()
        }

    def ready(self) -> dict[str, Any]:
        """Nothing that others need."""
        return {}

    def run(self, task: str) -> None:
        """Encode one list."""
        encoded = self.encoder.encode(self.items[task], batch_size=BATCH)
        if failed := [error for error in encoded.errors if error]:
            raise RuntimeError(failed[0].message)

    def facts(self) -> dict[str, Any]:
        """Precision of the weights."""
        return {"precision": self.encoder.precision}
