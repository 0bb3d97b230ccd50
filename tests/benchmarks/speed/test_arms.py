"""Ours is built and run as the trainer and the encoder are today, on towers of one layer."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.speed.arms import uniecs_encode, uniecs_train
from benchmarks.speed.inputs import draw_inputs
from benchmarks.speed.sizes import SIZES


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    inputs = draw_inputs(tmp_path_factory.mktemp("inputs"), 8)
    return {"size": "tiny", "inputs": str(inputs.folder), "batch": 4, "items": 8}


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    widths = {"vision_width": 64, "text_width": 64, "embed_dim": 32, "fusion_dim": 32, "dim": 32}
    layers = {"vision_layers": 1, "text_layers": 1, "image_size": 32}
    monkeypatch.setitem(SIZES, "tiny", replace(SIZES["small"], name="tiny", **widths, **layers))


def test_a_step_trains_and_counts_its_operations(spec: dict[str, Any]) -> None:
    arm = uniecs_train.Arm(spec)
    before = {name: p.detach().clone() for name, p in arm.model.named_parameters()}

    arm.run("step")
    arm.run("loss")

    moved = [name for name, p in arm.model.named_parameters() if not p.equal(before[name])]
    assert {name.split(".")[0] for name in moved} >= {"vision", "text", "fusion"}
    facts = arm.facts()
    assert facts["precision"] == arm.ready()["precision"]
    # two towers of one layer, four entries, forward and backward
    parameters = sum(p.numel() for p in arm.model.vision.tower.encoder.parameters())
    tokens = 4 * (1 + (32 // 16) ** 2)
    assert facts["flops"] > 3 * 2 * parameters * tokens


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_every_kind_of_list_is_encoded_whole(spec: dict[str, Any], precision: str) -> None:
    arm = uniecs_encode.Arm({**spec, "precision": precision})

    assert arm.facts() == {"precision": precision}
    assert {len(items) for items in arm.items.values()} == {8}
    assert {item.presence.name for item in arm.items["mixed"]} == {"TEXT", "IMAGE", "BOTH"}
    for kind in arm.items:
        arm.run(kind)
    assert Path(spec["inputs"], "uniecs-tiny").is_dir()
