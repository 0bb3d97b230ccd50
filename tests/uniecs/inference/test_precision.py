"""A model computes in bfloat16 where the processor has it, and its vectors hardly notice."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoProcessor

from uniecs.encoder.attention import HAS_BFLOAT16
from uniecs.encoder.folder import save_model_folder
from uniecs.inference.encoder import Encoder
from uniecs.inference.parity import compare, random_items
from uniecs.inference.precision import agrees, computes_bfloat16

WORDS = ["red", "mug", "blue", "lamp", "tall"]


@pytest.fixture
def has_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor that has it; torch computes it on every one, only slower."""
    monkeypatch.setattr("uniecs.inference.encoder.computes_bfloat16", lambda _: True)


def test_the_processor_decides(tiny_model: Path) -> None:
    expected = "bfloat16" if HAS_BFLOAT16 else "float32"

    assert Encoder.load(tiny_model, device="cpu").precision == expected


@pytest.mark.parametrize(("capability", "has"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_a_gpu_decides_by_its_capability(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], has: bool
) -> None:
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda _: capability)

    assert computes_bfloat16(torch.device("cuda")) is has


@pytest.mark.usefixtures("has_bfloat16")
@pytest.mark.parametrize("precision", ["auto", "bfloat16"])
def test_vectors_in_bfloat16_are_nearly_those_of_float32(tiny_model: Path, precision: str) -> None:
    exact = Encoder.load(tiny_model, device="cpu", precision="float32")
    narrow = Encoder.load(tiny_model, device="cpu", precision=precision)
    items = random_items(WORDS, seed=2, products=12)

    found = compare(exact, narrow, items, 0.999)

    assert (exact.precision, narrow.precision) == ("float32", "bfloat16")
    assert found.passed
    vectors = narrow.encode(items).vectors
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@pytest.mark.usefixtures("has_bfloat16")
def test_vectors_do_not_depend_on_what_is_encoded_beside_them(tiny_model: Path) -> None:
    """Padding and batches change the order of sums at most."""
    encoder = Encoder.load(tiny_model, device="cpu")
    items = random_items(WORDS, seed=3, products=10)

    together = encoder.encode(items).vectors
    alone = np.concatenate([encoder.encode([item]).vectors for item in items])

    assert (together * alone).sum(axis=1).min() > 0.9995


@pytest.mark.usefixtures("has_bfloat16")
def test_a_model_that_needs_more_digits_keeps_float32(
    tiny_model: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its tokens lie far from zero and near each other, so rounding hides what tells them apart."""
    model = AutoModel.from_pretrained(tiny_model)
    with torch.no_grad():
        model.project_text.bias += 1000
        model.project_image.bias += 1000
    save_model_folder(model, AutoProcessor.from_pretrained(tiny_model), tmp_path / "m", card="# x")

    with caplog.at_level(logging.WARNING):
        encoder = Encoder.load(tmp_path / "m", device="cpu")

    assert encoder.precision == "float32"
    assert "it computes in float32" in caplog.text
    assert not agrees(encoder, Encoder.load(tmp_path / "m", precision="bfloat16"))


def test_the_settings_decide_unless_the_caller_does(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNIECS_PRECISION", "float32")

    assert Encoder.load(tiny_model).precision == "float32"
    assert Encoder.load(tiny_model, precision="bfloat16").precision == "bfloat16"
