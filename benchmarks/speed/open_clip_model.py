"""open_clip's own implementation of the towers, with random weights."""

from pathlib import Path
from typing import Any

import torch

from benchmarks.speed import torchvision_shim
from benchmarks.speed.inputs import MERGES, Inputs
from benchmarks.speed.sizes import CONTEXT, HEAD_WIDTH, Size


def open_clip() -> Any:
    """The imported package.

    transformers is imported first: it looks for torchvision and must not find the stand-in.
    """
    import transformers  # noqa: F401

    torchvision_shim.install()
    import open_clip as package

    return package


def build(size: Size, inputs: Inputs, *, context: int = CONTEXT) -> Any:
    """A model of open_clip's class ``CLIP``; it takes texts of exactly ``context`` tokens."""
    torch.manual_seed(0)
    vision = {
        "layers": size.vision_layers,
        "width": size.vision_width,
        "head_width": HEAD_WIDTH,
        "patch_size": size.patch,
        "image_size": size.image_size,
    }
    text = {
        "context_length": context,
        "vocab_size": len(inputs.vocabulary()),
        "width": size.text_width,
        "heads": size.text_width // HEAD_WIDTH,
        "layers": size.text_layers,
    }
    return open_clip().model.CLIP(size.embed_dim, vision, text)


def tokenizer(inputs: Inputs) -> Any:
    """open_clip's tokenizer with the shared vocabulary."""
    path = str(Path(inputs.folder / MERGES))
    return open_clip().SimpleTokenizer(bpe_path=path, context_length=CONTEXT)
