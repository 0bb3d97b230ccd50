"""The model folder: what is saved is what is loaded, and nothing altered gets in."""

import contextlib
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoModel, AutoProcessor

from uniecs.catalog.digests import file_digest
from uniecs.encoder.folder import ModelManifest, verify_model_folder, write_card
from uniecs.encoder.loading import load_model_folder
from uniecs.encoder.model import UniECSModel, register_auto_classes
from uniecs.encoder.towers import load_tower
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


class Trap:
    """What runs code when it is unpickled: it makes a file."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.sprung,)


@pytest.fixture
def sprung(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a pickle in the model folder makes if it is opened, by whatever hands it to torch."""
    trap = tmp_path / "sprung"
    torch.save({"weight": Trap(trap)}, folder / "pytorch_model.bin")

    def load(*given: Any, **named: Any) -> Any:
        return unpickle(*given, **named | {"weights_only": False})

    unpickle = torch.load
    monkeypatch.setattr(torch, "load", load)
    return trap


def vouched(folder: Path) -> Path:
    """The folder with a manifest over the files that it holds now."""
    manifest = json.loads((folder / "manifest.json").read_text())
    names = [*manifest["files"], "pytorch_model.bin"]
    manifest["files"] = {n: file_digest(folder / n) for n in names if (folder / n).is_file()}
    lines = "".join(f"{digest}  {n}\n" for n, digest in sorted(manifest["files"].items()))
    manifest["version"] = f"m-{hashlib.sha256(lines.encode()).hexdigest()[:12]}"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_pickle_beside_the_weights_is_not_opened(folder: Path, sprung: Path) -> None:
    model, _, manifest = load_model_folder(vouched(folder))

    assert isinstance(model, UniECSModel)
    assert "pytorch_model.bin" in manifest.files
    assert not sprung.exists()


def test_a_pickle_in_place_of_the_weights_is_not_opened(
    folder: Path, sprung: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"does not list model\.safetensors"):
        load_model_folder(vouched(folder))
    # and where a manifest did not have to list weights:
    manifest = ModelManifest("m-1", "p-1", 32, {})
    monkeypatch.setattr("uniecs.encoder.loading.verify_model_folder", lambda _folder: manifest)

    with pytest.raises(ModelError, match=r"cannot be loaded.*model\.safetensors"):
        load_model_folder(folder)
    with pytest.raises(ModelError, match="No text tower can be loaded"):
        load_tower(str(folder), "text")
    assert not sprung.exists()

    with contextlib.suppress(Exception):
        AutoModel.from_pretrained(folder)
    assert sprung.exists(), "the trap stands where transformers itself would not have found it"


def test_a_pickle_under_the_name_of_the_weights_is_not_opened(folder: Path, sprung: Path) -> None:
    (folder / "pytorch_model.bin").rename(folder / "model.safetensors")

    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model_folder(vouched(folder))
    with pytest.raises(ModelError, match="No text tower can be loaded"):
        load_tower(str(folder), "text")
    assert not sprung.exists()


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
