"""The CLIP towers of ours and of sentence_transformers: transformers' class, random weights."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from transformers import CLIPConfig, CLIPModel, CLIPProcessor, CLIPTokenizer
from transformers.models.clip import CLIPImageProcessorPil

from benchmarks.speed.inputs import STARTS, Inputs
from benchmarks.speed.sizes import CONTEXT, HEAD_WIDTH, Size


def clip_tokenizer(inputs: Inputs) -> CLIPTokenizer:
    """Tokenizer with the vocabulary that open_clip is given too."""
    merges: Any = [tuple(merge.split()) for merge in inputs.merges]  # as the library splits them
    return CLIPTokenizer(vocab=inputs.vocabulary(), merges=merges, model_max_length=CONTEXT)


def clip_folder(size: Size, inputs: Inputs) -> Path:
    """Folder of the CLIP model and processor of a size; written by whichever arm comes first."""
    folder = inputs.folder / f"clip-{size.name}"
    if folder.is_dir():
        return folder
    torch.manual_seed(0)
    side = {"height": size.image_size, "width": size.image_size}
    images = CLIPImageProcessorPil(size={"shortest_edge": size.image_size}, crop_size=side)
    with tempfile.TemporaryDirectory(dir=inputs.folder) as partial:
        CLIPModel(_config(size, inputs)).save_pretrained(partial)
        CLIPProcessor(images, clip_tokenizer(inputs)).save_pretrained(partial)
        Path(partial).rename(folder)
        Path(partial).mkdir()  # for the context manager to remove
    return folder


def _config(size: Size, inputs: Inputs) -> CLIPConfig:
    ids = inputs.vocabulary()
    start, end = (ids[token] for token in STARTS)
    return CLIPConfig(
        projection_dim=size.embed_dim,
        text_config={
            "vocab_size": len(ids),
            "hidden_size": size.text_width,
            "intermediate_size": 4 * size.text_width,
            "num_hidden_layers": size.text_layers,
            "num_attention_heads": size.text_width // HEAD_WIDTH,
            "max_position_embeddings": CONTEXT,
            "hidden_act": "gelu",
            "bos_token_id": start,
            "eos_token_id": end,
            "pad_token_id": end,
        },
        vision_config={
            "hidden_size": size.vision_width,
            "intermediate_size": 4 * size.vision_width,
            "num_hidden_layers": size.vision_layers,
            "num_attention_heads": size.vision_width // HEAD_WIDTH,
            "image_size": size.image_size,
            "patch_size": size.patch,
            "hidden_act": "gelu",
        },
    )
