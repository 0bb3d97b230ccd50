"""The exported encoder answers as the model does, and needs no torch for it."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from uniecs.errors import ModelError
from uniecs.inference.encoder import Encoder
from uniecs.inference.items import Item
from uniecs.inference.onnx_encoder import OnnxEncoder

Exported = tuple[Path, dict[str, Any]]


def items(folder: Path) -> list[Item]:
    """Mixed presences and lengths, and four items that cannot be encoded."""
    path = folder / "red.png"
    Image.effect_mandelbrot((90, 70), (-2, -1, 1, 1), 30).convert("RGB").save(path)
    (folder / "broken.png").write_bytes(b"no picture")
    texts = ["mug", "red lamp", "a blue chair beside a very long green table " * 5]
    return [
        *(Item(f"t{n}", text=text) for n, text in enumerate(texts)),
        Item("none"),
        *(Item(f"b{n}", text=text, image=path) for n, text in enumerate(texts)),
        Item("i", image=path.read_bytes()),
        Item("broken", text="mug", image=folder / "broken.png"),
        Item("half", text="mug \ud800"),
        Item("half and picture", text="mug \udfff", image=path),
        Item("shown", image=Image.new("RGB", (40, 90), "blue")),
    ]


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_mixed_items_of_any_batch_give_the_models_vectors(
    exported: Exported, tiny_model: Path, tmp_path: Path, batch_size: int
) -> None:
    wanted = items(tmp_path)
    ours = Encoder.load(tiny_model, device="cpu", precision="float32").encode(wanted)
    done: list[int] = []

    theirs = OnnxEncoder.load(exported[0]).encode(
        wanted, batch_size=batch_size, progress=done.append
    )

    assert theirs.ids == ours.ids
    assert theirs.errors == ours.errors
    assert np.abs(theirs.vectors - ours.vectors).max() < 1e-5
    assert np.abs(theirs.gates - ours.gates).max() < 1e-5
    assert sum(done) == len(wanted)


def test_eight_bits_stay_near(exported: Exported, tiny_model: Path, tmp_path: Path) -> None:
    failing = ("none", "broken", "half", "half and picture")
    wanted = [item for item in items(tmp_path) if item.id not in failing]
    ours = Encoder.load(tiny_model, device="cpu", precision="float32").encode(wanted)

    theirs = OnnxEncoder.load(exported[0], precision="int8").encode(wanted)

    assert (ours.vectors * theirs.vectors).sum(axis=1).min() >= 0.995


def test_it_names_the_model_whose_vectors_it_gives(exported: Exported, tiny_model: Path) -> None:
    model, graphs = (
        Encoder.load(tiny_model, device="cpu", precision="float32"),
        OnnxEncoder.load(exported[0]),
    )

    assert (graphs.model_version, graphs.processor_digest, graphs.dim) == (
        model.model_version, model.processor_digest, model.dim,
    )  # fmt: skip


def test_it_runs_without_torch(exported: Exported) -> None:
    program = f"""
import sys
from pathlib import Path
from uniecs.inference.items import Item
from uniecs.inference.onnx_encoder import OnnxEncoder
vectors = OnnxEncoder.load(Path({str(exported[0])!r})).encode([Item("q", text="red mug")]).vectors
print(vectors.shape, sorted({{"torch", "transformers"}} & set(sys.modules)))
"""

    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "(1, 32) []"


def test_a_changed_graph_is_refused(exported: Exported, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exported[0], tmp_path / "exported"))
    with (folder / "text.onnx").open("ab") as graph:
        graph.write(b"\0")

    with pytest.raises(ModelError, match=r"text\.onnx was changed"):
        OnnxEncoder.load(folder)


@pytest.mark.parametrize("name", ["tokenizer.json", "both.onnx"])
def test_a_missing_file_is_named(exported: Exported, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(exported[0], tmp_path / "exported"))
    (folder / name).unlink()

    with pytest.raises(ModelError, match=f"{name} is missing"):
        OnnxEncoder.load(folder)


@pytest.mark.parametrize("manifest", ["", "{}", "[]", '{"preparation": {}, "files": {}}'])
def test_a_folder_that_is_no_export_is_one_message(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)

    with pytest.raises(ModelError, match="uniecs export MODEL OUT"):
        OnnxEncoder.load(tmp_path)


def test_a_precision_that_was_not_exported_is_named(exported: Exported) -> None:
    with pytest.raises(ModelError, match="no int4 graphs, only fp32, int8"):
        OnnxEncoder.load(exported[0], precision="int4")
