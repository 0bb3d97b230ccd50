"""The encoder as a module of SentenceTransformer: texts, pictures and both in one list.

``modules.json`` of a model folder names this class, so that the folder holds no code of its own:

    model = SentenceTransformer(folder, trust_remote_code=True)
    model.encode(["red mug", {"image": "mug.jpg"}, {"text": "red mug", "image": "mug.jpg"}])

The library asks for ``trust_remote_code`` wherever a class is not its own. Without it, hand the
loaded module over: ``SentenceTransformer(modules=[UniECSSentence.load(folder)])``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from sentence_transformers.base.modules import InputModule
from torch import Tensor

from uniecs.catalog.images import ImageLimits, decode_image
from uniecs.encoder.folder import write_model_files
from uniecs.encoder.loading import load_model_folder
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor

_KEYS = {"text", "image"}


class UniECSSentence(InputModule):
    """Preprocesses and encodes a batch of any mixture; the towers see only what is there."""

    save_in_root = True

    def __init__(self, model: UniECSModel, processor: UniECSProcessor) -> None:
        super().__init__()
        self.model = model
        self.processor = processor
        self.tokenizer = processor.tokenizer

    @property
    def modalities(self) -> list[Any]:
        """What one input may be; ``message`` is the library's name for a mixed batch."""
        return ["text", "image", ("image", "text"), "message"]

    @property
    def max_seq_length(self) -> int:
        """Tokens of the longest text; what is longer is cut."""
        return int(self.processor.tokenizer.model_max_length)

    @classmethod
    def load(  # type: ignore[override]  # what loads weights of a hub is verified and needs no more
        cls, model_name_or_path: str, subfolder: str = "", **options: Any
    ) -> "UniECSSentence":
        """Verify and load a model folder, or the copy of one on the hub.

        Args:
            model_name_or_path: Model folder or hub id.
            subfolder: Where in it; the library asks with an empty one.
            options: Of the hub, such as ``revision``; others are the library's and change nothing.

        Raises:
            ModelError: When the folder was altered or is no UniECS model.
        """
        hub = ("token", "cache_folder", "revision", "local_files_only")
        given = {name: options[name] for name in hub if name in options}
        folder = cls.load_dir_path(model_name_or_path, subfolder=subfolder, **given)
        model, processor, _ = load_model_folder(Path(folder or model_name_or_path))
        return cls(model, processor)

    def save(self, output_path: str, *_args: Any, **_options: Any) -> None:
        """Write a model folder: safetensors, and a manifest."""
        write_model_files(self.model, self.processor, Path(output_path))

    def get_embedding_dimension(self) -> int:
        """Length of a vector."""
        return int(self.model.config.dim)

    def preprocess(
        self, inputs: Sequence[Any], prompt: str | None = None, **_options: Any
    ) -> dict[str, Tensor]:
        """Model inputs of a batch.

        Args:
            inputs: Texts, pictures, or ``{"text": ..., "image": ...}`` with either or both. A bare
                string is a text, also when it looks like a path; the picture of a dict is a path,
                encoded bytes or a PIL picture.
            prompt: Stands before every text.

        Raises:
            ValueError: For an input of another kind, or one with neither text nor picture.
            ImageError: When a picture cannot be decoded safely.
        """
        parts = [_parts(one) for one in inputs]
        features = {"presence": torch.tensor([[i is not None, bool(t)] for t, i in parts])}
        if features["presence"][:, 1].any():
            texts = [(prompt or "") + text if text else "" for text, _ in parts]
            features["input_ids"], features["attention_mask"] = self.processor.tokens(texts)
        if features["presence"][:, 0].any():
            blank = np.zeros((3, *self.processor.image_size), dtype=np.uint8)  # never looked at
            pictures = [blank if image is None else self._pixels(image) for _, image in parts]
            stacked = torch.from_numpy(np.stack(pictures))
            features["pixel_values"] = self.processor.normalise(stacked)
        return features

    def forward(self, features: dict[str, Tensor], **_options: Any) -> dict[str, Tensor]:
        """Add ``sentence_embedding`` [B, dim], unit length, and ``gates`` [B, 2]."""
        pixels = features.get("pixel_values")
        vectors, gates = self.model(
            input_ids=features.get("input_ids"),
            attention_mask=features.get("attention_mask"),
            pixel_values=None if pixels is None else pixels.to(self.model.dtype),
            presence=features["presence"],
        ).to_tuple()
        return {**features, "sentence_embedding": vectors, "gates": gates}

    def _pixels(self, image: Path | bytes | Image.Image) -> "np.ndarray":
        limits = ImageLimits(draft_side=max(self.processor.image_size))
        picture = image if isinstance(image, Image.Image) else decode_image(image, limits)
        return self.processor.pixels(picture.convert("RGB"))


def _parts(one: Any) -> tuple[str, Path | bytes | Image.Image | None]:
    """Text and picture of one input; an absent text is empty."""
    given = {"text": one} if isinstance(one, str) else {"image": one} if _is_image(one) else one
    if not isinstance(given, dict) or set(given) - _KEYS:
        raise ValueError(
            f"An input is a text, a picture or a dict of text and image, not {_named(one)}."
        )
    text, image = given.get("text") or "", given.get("image")
    image = Path(image) if isinstance(image, str) else image
    if not isinstance(text, str) or not (image is None or _is_image(image)):
        raise ValueError("text must be a string; image a path, encoded bytes or a PIL picture.")
    if not text.strip() and image is None:
        raise ValueError("an input has neither text nor image; give at least one.")
    return text.strip() and text, image


def _is_image(value: Any) -> bool:
    return isinstance(value, Image.Image | Path | bytes)


def _named(one: Any) -> str:
    return f"a dict of {', '.join(map(str, one))}" if isinstance(one, dict) else type(one).__name__
