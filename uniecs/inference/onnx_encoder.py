"""The exported encoder: the same answers as ``Encoder``, by ONNX Runtime, without torch."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from uniecs.catalog.images import ImageLimits, decode_image
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.export.folder import TOKENIZER, ExportManifest, verify_export_folder
from uniecs.errors import ImageError, ModelError
from uniecs.inference.items import Encoded, Item, ItemError, unusable

DECODERS = 4
"""Threads that decode pictures of a batch; Pillow releases the interpreter lock."""

GRAPHS = {Presence.TEXT: "text", Presence.IMAGE: "image", Presence.BOTH: "both"}

Floats = npt.NDArray[np.float32]


class OnnxEncoder:
    """An export folder that encodes lists of items of any presence, each by its own graph.

    Thread-safe: nothing is kept between calls.

    Example:
        >>> encoder = OnnxEncoder.load(Path("exported"))  # doctest: +SKIP
        >>> encoder.encode([Item("q", text="red mug")]).vectors.shape  # doctest: +SKIP
        (1, 256)
    """

    def __init__(self, manifest: ExportManifest, tokenizer: Any, graphs: dict[str, Any]) -> None:
        self.model_version = manifest.model_version
        self.processor_digest = manifest.processor_digest
        self.dim = manifest.dim
        self.preparation = manifest.preparation
        self.limits = ImageLimits(
            draft_side=max(manifest.preparation.height, manifest.preparation.width)
        )
        self._tokenizer = tokenizer
        self._graphs = graphs

    @classmethod
    def load(cls, folder: Path, *, precision: str = "fp32") -> "OnnxEncoder":
        """Verify and load an export folder.

        Args:
            folder: What ``uniecs export`` wrote.
            precision: ``fp32``, or ``int8`` where the export has it.

        Raises:
            ModelError: When the folder was altered or lacks this precision.
        """
        manifest = verify_export_folder(folder)
        if precision not in manifest.graphs:
            have = ", ".join(manifest.graphs)
            raise ModelError(
                f"{folder} has no {precision} graphs, only {have}; export with --int8."
            )
        from onnxruntime import InferenceSession
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        tokenizer.enable_truncation(manifest.preparation.max_text_tokens)
        tokenizer.enable_padding(
            pad_id=manifest.preparation.pad_id, pad_token=manifest.preparation.pad_token
        )
        graphs = {
            request: InferenceSession(folder / name, providers=["CPUExecutionProvider"])
            for request, name in manifest.graphs[precision].items()
        }
        return cls(manifest, tokenizer, graphs)

    def encode(
        self,
        items: Sequence[Item],
        *,
        batch_size: int = 64,
        progress: Callable[[int], None] | None = None,
    ) -> Encoded:
        """Encode items, each by the modalities that it has; no graph sees a dummy input.

        Args:
            items: N items; an item that cannot be encoded gets an error, the others a vector.
            batch_size: Items of one presence per run of a graph.
            progress: Called with the number of items just done.
        """
        encoded = Encoded(
            ids=[item.id for item in items],
            vectors=np.zeros((len(items), self.dim), dtype=np.float32),
            gates=np.zeros((len(items), 2), dtype=np.float32),
            errors=[unusable(item) for item in items],
        )
        usable = [row for row, error in enumerate(encoded.errors) if error is None]
        if progress:
            progress(len(items) - len(usable))
        for presence in VIEWS:
            rows = [row for row in usable if items[row].presence == presence]
            rows.sort(key=lambda row: len(items[row].text))  # little padding in a batch
            for start in range(0, len(rows), batch_size):
                batch = rows[start : start + batch_size]
                self._encode_batch(items, batch, presence, encoded)
                if progress:
                    progress(len(batch))
        return encoded

    def _encode_batch(
        self, items: Sequence[Item], rows: list[int], presence: Presence, out: Encoded
    ) -> None:
        inputs: dict[str, npt.NDArray[Any]] = {}
        if Presence.IMAGE in presence:
            with ThreadPoolExecutor(DECODERS) as pool:
                found = dict(
                    zip(rows, pool.map(self._pixels, (items[r] for r in rows)), strict=True)
                )
            for row, pixels in found.items():
                out.errors[row] = pixels if isinstance(pixels, ItemError) else None
            pictures = [pixels for pixels in found.values() if not isinstance(pixels, ItemError)]
            rows = [row for row in rows if out.errors[row] is None]
            if not rows:
                return
            inputs["pixel_values"] = np.stack(pictures)
        if Presence.TEXT in presence:
            tokens = self._tokenizer.encode_batch([items[row].text for row in rows])
            inputs["input_ids"] = np.array([one.ids for one in tokens], dtype=np.int64)
            inputs["attention_mask"] = np.array(
                [one.attention_mask for one in tokens], dtype=np.int64
            )
        graph = self._graphs[GRAPHS[presence]]
        out.vectors[rows], out.gates[rows] = graph.run(["vectors", "gates"], inputs)

    def _pixels(self, item: Item) -> Floats | ItemError:
        """Normalised pixels [3, H, W] of an item's picture."""
        source = item.image
        try:
            picture = (
                source
                if isinstance(source, Image.Image)
                else decode_image(source or b"", self.limits)
            )
        except ImageError as error:
            return ItemError(error.code, str(error))
        how = self.preparation
        resized = picture.convert("RGB").resize((how.width, how.height), how.resample)
        scaled = np.asarray(resized, dtype=np.float32) * np.float32(how.scale)
        mean, deviation = np.array([how.mean, how.deviation], dtype=np.float32)
        normal: Floats = ((scaled - mean) / deviation).transpose(2, 0, 1)
        return normal
