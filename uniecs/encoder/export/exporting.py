"""From a model folder to an export folder whose graphs nobody has compared yet."""

import shutil
from collections.abc import Callable
from pathlib import Path

from uniecs.encoder.export.folder import (
    TOKENIZER,
    ExportManifest,
    Preparation,
    write_manifest,
)
from uniecs.encoder.export.graphs import REQUESTS, quantise, write_graph
from uniecs.encoder.loading import load_model_folder
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import ModelError

Note = Callable[[str], None]
"""Told which file is being made."""


def export_graphs(model: Path, out: Path, *, int8: bool, note: Note) -> ExportManifest:
    """Write the graphs of a model into the empty folder ``out``, and what a server needs beside.

    Args:
        model: Model folder; it is verified first.
        out: Folder that does not exist yet.
        int8: Write each graph with 8-bit weights too.
        note: Told which file is being made.

    Raises:
        ModelError: When the model folder was altered, or cannot become graphs.
    """
    loaded, processor, manifest = load_model_folder(model)
    out.mkdir(parents=True)
    processor.save_pretrained(out)
    if not (out / TOKENIZER).is_file():
        raise ModelError(
            f"{model}: the tokenizer is a {type(processor.tokenizer).__name__} without "
            f"{TOKENIZER}, which only transformers can read; export a model with a fast tokenizer."
        )
    graphs: dict[str, dict[str, str]] = {"fp32": {}, **({"int8": {}} if int8 else {})}
    for request in REQUESTS:
        graphs["fp32"][request] = name = f"{request}.onnx"
        note(name)
        write_graph(loaded, request, processor.image_size, out / name)
        if int8:
            graphs["int8"][request] = small = f"{request}.int8.onnx"
            note(small)
            quantise(out / name, out / small)
    return write_manifest(
        out,
        model_version=manifest.version,
        processor_digest=manifest.processor_digest,
        dim=manifest.dim,
        graphs=graphs,
        preparation=_preparation(processor),
    )


def replace_folder(new: Path, folder: Path) -> None:
    """Rename a finished folder in place of an older one."""
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def _preparation(processor: UniECSProcessor) -> Preparation:
    pictures, words = processor.image_processor, processor.tokenizer
    height, width = processor.image_size
    return Preparation(
        height=height,
        width=width,
        resample=int(pictures.resample),
        scale=float(pictures.rescale_factor),
        mean=[float(value) for value in pictures.image_mean],
        deviation=[float(value) for value in pictures.image_std],
        max_text_tokens=int(words.model_max_length),
        pad_id=int(words.pad_token_id),
        pad_token=str(words.pad_token),
    )
