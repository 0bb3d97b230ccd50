"""The encoder as everyone uses it: a list of items in, vectors in the same order out."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from uniecs.catalog.images import ImageLimits, decode_image
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.loading import load_model_folder
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import ImageError
from uniecs.inference.items import Encoded, Item, ItemError

DECODERS = 4
"""Threads that decode pictures of a batch; Pillow releases the interpreter lock."""

Pixels = npt.NDArray[np.uint8]


class Encoder:
    """A loaded model that encodes lists of items of any presence.

    Thread-safe: nothing is kept between calls.

    Example:
        >>> encoder = Encoder.load(Path("run/model"))  # doctest: +SKIP
        >>> encoder.encode([Item("q", text="red mug")]).vectors.shape  # doctest: +SKIP
        (1, 256)
    """

    def __init__(
        self,
        model: UniECSModel,
        processor: UniECSProcessor,
        *,
        model_version: str,
        processor_digest: str,
        device: torch.device,
    ) -> None:
        self.model = model
        self.processor = processor
        self.model_version = model_version
        self.processor_digest = processor_digest
        self.dim: int = model.config.dim
        self.device = device
        self.limits = ImageLimits(draft_side=max(processor.image_size))

    @classmethod
    def load(
        cls, folder: Path, *, device: str | None = None, dtype: torch.dtype | None = None
    ) -> "Encoder":
        """Verify and load a model folder.

        Args:
            folder: A model folder.
            device: ``cpu`` or ``cuda``; a GPU where there is one by default.
            dtype: Of the weights; float32 by default.

        Raises:
            ModelError: When the folder was altered or is no UniECS model.
        """
        model, processor, manifest = load_model_folder(folder)
        place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        torch.nn.Module.to(model, place, dtype or torch.float32)
        return cls(
            model,
            processor,
            model_version=manifest.version,
            processor_digest=manifest.processor_digest,
            device=place,
        )

    def encode(
        self,
        items: Sequence[Item],
        *,
        batch_size: int = 64,
        progress: Callable[[int], None] | None = None,
    ) -> Encoded:
        """Encode items, each by the modalities that it has; text alone runs no image tower.

        Args:
            items: N items; an item that cannot be encoded gets an error, the others a vector.
            batch_size: Rows per forward pass.
            progress: Called with the number of items just done.
        """
        vectors = np.zeros((len(items), self.dim), dtype=np.float32)
        gates = np.zeros((len(items), 2), dtype=np.float32)
        errors: list[ItemError | None] = [None] * len(items)
        for presence, rows in _batches(items, batch_size):
            if presence is Presence.NONE:
                for row in rows:
                    errors[row] = ItemError("empty", "the item has neither text nor image")
            else:
                self._encode_batch(items, rows, presence, (vectors, gates, errors))
            if progress:
                progress(len(rows))
        return Encoded([item.id for item in items], vectors, gates, errors)

    def _encode_batch(
        self,
        items: Sequence[Item],
        rows: list[int],
        presence: Presence,
        out: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], list[ItemError | None]],
    ) -> None:
        vectors, gates, errors = out
        pictures: list[Pixels] = []
        if Presence.IMAGE in presence:
            decoded = self._decode([items[row] for row in rows])
            for row, pixels in zip(rows, decoded, strict=True):
                if isinstance(pixels, ItemError):
                    errors[row] = pixels
                else:
                    pictures.append(pixels)
            rows = [row for row in rows if errors[row] is None]
            if not rows:
                return
        texts = [items[row].text for row in rows] if Presence.TEXT in presence else []
        vectors[rows], gates[rows] = self._forward(texts, pictures)

    def _forward(
        self, texts: list[str], pictures: list[Pixels]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        inputs: dict[str, Tensor] = {}
        if texts:
            ids, mask = self.processor.tokens(texts)
            inputs |= {"input_ids": ids.to(self.device), "attention_mask": mask.to(self.device)}
        if pictures:
            stacked = torch.from_numpy(np.stack(pictures)).to(self.device)
            inputs["pixel_values"] = self.processor.normalise(stacked).to(self.model.dtype)
        with torch.inference_mode():
            output = self.model(**inputs)
        return output.vectors.float().cpu().numpy(), output.gates.float().cpu().numpy()

    def _decode(self, items: Sequence[Item]) -> list[Pixels | ItemError]:
        if len(items) == 1:
            return [self._decode_one(items[0])]
        with ThreadPoolExecutor(DECODERS) as pool:
            return list(pool.map(self._decode_one, items))

    def _decode_one(self, item: Item) -> Pixels | ItemError:
        source = item.image
        if source is None:
            raise ValueError("only items with a picture are decoded")
        try:
            picture = (
                source if isinstance(source, Image.Image) else decode_image(source, self.limits)
            )
        except ImageError as error:
            return ItemError(error.code, str(error))
        return self.processor.pixels(picture.convert("RGB"))


def _batches(items: Sequence[Item], size: int) -> Iterator[tuple[Presence, list[int]]]:
    """Rows of one presence at a time; texts of similar length together, so little is padding."""
    for presence in (Presence.NONE, *VIEWS):
        rows = [row for row, item in enumerate(items) if item.presence == presence]
        if Presence.TEXT in presence:
            rows.sort(key=lambda row: len(items[row].text))
        for start in range(0, len(rows), size):
            yield presence, rows[start : start + size]
