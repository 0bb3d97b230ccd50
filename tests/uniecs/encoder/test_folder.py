"""The model folder: what is saved is what is loaded, and nothing altered gets in."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoModel, AutoProcessor

from uniecs.encoder.folder import verify_model_folder, write_card
from uniecs.encoder.loading import load_model_folder
from uniecs.encoder.model import UniECSModel, register_auto_classes
from uniecs.errors import ModelError


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_auto_classes_round_trip(folder: Path, tmp_path: Path) -> None:
    register_auto_classes()
    model, processor = AutoModel.from_pretrained(folder), AutoProcessor.from_pretrained(folder)
    inputs = processor(text=["red mug"], images=[Image.new("RGB", (40, 30), "red")])
    model.save_pretrained(tmp_path / "again")
    processor.save_pretrained(tmp_path / "again")

    again = AutoModel.from_pretrained(tmp_path / "again").eval()
    processed = AutoProcessor.from_pretrained(tmp_path / "again")(
        text=["red mug"], images=[Image.new("RGB", (40, 30), "red")]
    )

    assert isinstance(again, UniECSModel)
    assert AutoConfig.from_pretrained(folder).model_type == "uniecs"
    assert torch.equal(inputs["pixel_values"], processed["pixel_values"])
    assert torch.allclose(
        model.eval()(**inputs).vectors, again(**processed).vectors, atol=1e-6, rtol=0
    )


def test_the_processor_equals_the_library_s_own_pixels(folder: Path) -> None:
    _, processor, _ = load_model_folder(folder)
    picture = Image.effect_mandelbrot((90, 70), (-2, -1, 1, 1), 30).convert("RGB")

    ours = processor(images=[picture])["pixel_values"]
    theirs = processor.image_processor(picture, return_tensors="pt")["pixel_values"]

    assert torch.allclose(ours, theirs, atol=1e-5)


def test_only_safetensors_are_written(folder: Path) -> None:
    assert {p.suffix for p in folder.iterdir()} <= {".json", ".safetensors", ".md", ".txt"}


def test_weights_are_never_unpickled(folder: Path) -> None:
    weights = folder / "model.safetensors"
    torch.save(AutoModel.from_pretrained(folder).state_dict(), folder / "pytorch_model.bin")
    weights.unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"]["model.safetensors"]
    (folder / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(ModelError, match=r"model\.safetensors"):
        load_model_folder(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises(ModelError, match=f"{name} is missing"):
        verify_model_folder(folder)


def test_a_changed_file_is_refused(folder: Path) -> None:
    weights = folder / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))

    with pytest.raises(ModelError, match="was changed"):
        load_model_folder(folder)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"version": "m-1"}'])
def test_a_broken_manifest_is_one_message(folder: Path, manifest: str) -> None:
    (folder / "manifest.json").write_text(manifest)

    with pytest.raises(ModelError):
        verify_model_folder(folder)


def test_a_manifest_cannot_point_out_of_the_folder(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"]["../secret"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))

    with pytest.raises(ModelError):
        verify_model_folder(folder)


def test_a_new_card_keeps_the_version(folder: Path) -> None:
    before = verify_model_folder(folder)

    write_card(folder, "# Another card\n")

    assert verify_model_folder(folder) == before
    assert (folder / "README.md").read_text() == "# Another card\n"
