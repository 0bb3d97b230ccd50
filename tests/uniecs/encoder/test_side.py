"""Side networks: nothing at the start, frozen towers, an ordinary model folder, our sources."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoModel

from tests.uniecs.encoder.conftest import Inputs
from uniecs.encoder.build import build_encoder
from uniecs.encoder.choices import EncoderConfig, TowerChoice
from uniecs.encoder.folder import save_model_folder
from uniecs.encoder.loading import load_model_folder
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.side import read_layers
from uniecs.errors import ModelError, UsageError

Build = Callable[..., UniECSModel]
SHAPE = {"dim": 16, "fusion_dim": 16, "fusion_layers": 1, "fusion_heads": 2}


def adapted(tiny_model: Path, **changes: Any) -> EncoderConfig:
    """Frozen towers of a model folder, with side networks."""
    source = TowerChoice(source=str(tiny_model))
    towers = {"vision": source, "text": source, "adapters": True}
    return EncoderConfig(**{**SHAPE, **towers, **changes})


def test_with_side_networks_the_model_starts_as_the_frozen_one_bit_for_bit(
    build_model: Build, inputs: Inputs
) -> None:
    plain = build_model(torch.float32)
    model = build_model(torch.float32, adapters=True)
    missing, unexpected = model.load_state_dict(plain.state_dict(), strict=False)
    inputs = {**inputs, "pixel_values": inputs["pixel_values"].float()}

    assert not unexpected
    assert missing
    assert all(name.startswith("side_") for name in missing)
    with torch.inference_mode():
        assert torch.equal(model(**inputs).vectors, plain(**inputs).vectors)


def test_every_layer_that_is_read_matters_once_the_side_networks_have_learned(
    tiny_model: Path,
) -> None:
    model, processor = build_encoder(adapted(tiny_model), [], seed=0)
    generator = torch.Generator().manual_seed(3)
    for side in (model.side_image, model.side_text):
        for name, weight in side.named_parameters():
            if name.endswith("up.weight"):
                weight.data.normal_(generator=generator)
    batch = processor(text=["red mug"], images=[Image.new("RGB", (32, 32), "red")])
    states = model.eval().image_states(batch["pixel_values"]).detach().requires_grad_()

    model.image_tokens_of(states).square().sum().backward()

    assert states.shape[-1] == 16 + 8  # the last stage, and the one below it
    assert states.grad is not None
    assert (states.grad.abs().sum(dim=(0, 1)) > 0).all()


def test_frozen_towers_stay_still_while_the_rest_is_trained(tiny_model: Path) -> None:
    model, _ = build_encoder(adapted(tiny_model), [], seed=0)
    trained = {name for name, p in model.named_parameters() if p.requires_grad}

    model.train()

    assert trained == {n for n, _ in model.named_parameters() if not n.startswith(("vis", "text."))}
    assert not any(m.training for t in (model.vision, model.text) for m in t.modules())
    assert model.fusion.training
    assert model.side_image.training


def test_the_saved_model_is_an_ordinary_one(tiny_model: Path, tmp_path: Path) -> None:
    model, processor = build_encoder(adapted(tiny_model), [], seed=0)
    with torch.no_grad():
        for parameter in model.side_text.parameters():
            parameter.add_(0.1)
    save_model_folder(model, processor, tmp_path / "model", card="# adapted\n")
    batch = processor(text=["red mug"], images=[Image.new("RGB", (40, 32), "red")])

    again, _, _ = load_model_folder(tmp_path / "model")
    loaded = AutoModel.from_pretrained(tmp_path / "model").eval()

    with torch.inference_mode():
        expected = model.eval()(**batch).vectors
        torch.testing.assert_close(again(**batch).vectors, expected, rtol=0, atol=1e-6)
        torch.testing.assert_close(loaded(**batch).vectors, expected, rtol=0, atol=1e-6)


def test_a_model_folder_of_ours_is_a_source_of_both_towers(tiny_model: Path) -> None:
    source, its_processor, _ = load_model_folder(tiny_model)
    model, processor = build_encoder(adapted(tiny_model), [], seed=0)
    picture, text = Image.new("RGB", (50, 32), "green"), "green chair"

    assert processor.image_size == its_processor.image_size
    one = processor(text=[text], images=[picture])
    other = its_processor(text=[text], images=[picture])
    assert all(torch.equal(one[name], other[name]) for name in other)
    for mine, theirs in ((model.vision, source.vision), (model.text, source.text)):
        kept = theirs.state_dict()
        assert all(torch.equal(value, kept[name]) for name, value in mine.state_dict().items())


@pytest.mark.parametrize("part", ["vision", "text"])
def test_a_tower_from_scratch_is_not_frozen(tiny_model: Path, part: str) -> None:
    scratch = {
        "vision": TowerChoice(type="vit", options={"image_size": 32}),
        "text": TowerChoice(type="bert"),
    }

    with pytest.raises(UsageError, match=r"give .*vision.source and .*text.source"):
        build_encoder(adapted(tiny_model, **{part: scratch[part]}), ["red mug"], seed=0)


def test_layers_are_read_at_quarters_of_the_depth() -> None:
    assert read_layers(AutoConfig.for_model("vit")) == {3: 768, 6: 768, 9: 768}
    assert read_layers(AutoConfig.for_model("bert", num_hidden_layers=1)) == {}
    stages = AutoConfig.for_model("resnet", hidden_sizes=[8, 16, 24, 32])
    assert read_layers(stages) == {1: 8, 2: 16, 3: 24}
    with pytest.raises(ModelError, match="'swin' tower"):
        read_layers(AutoConfig.for_model("swin"))
