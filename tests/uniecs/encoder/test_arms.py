"""The fusions that ours is compared with are what they say they are."""

from collections.abc import Callable

import pytest
import torch

from uniecs.encoder.arms import FUSIONS
from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.released import ReleasedFusion

Build = Callable[..., UniECSModel]
Inputs = dict[str, torch.Tensor]

RELEASED_PARAMETERS = 8_427_534 - 131_584
"""UNIECS.md 1.5: the fusion encoder less the two heads whose output the release throws away."""


@torch.inference_mode()
def encode(model: UniECSModel, inputs: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
    output = model(**inputs)
    return output.vectors, output.gates


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_gives_unit_vectors_and_shares_of_what_is_present(
    build_model: Build, inputs: Inputs, fusion: str
) -> None:
    vectors, gates = encode(build_model(fusion=fusion), inputs)

    assert torch.allclose(vectors.norm(dim=1), torch.ones(6, dtype=torch.float64))
    assert torch.allclose(gates.sum(dim=1), torch.ones(6, dtype=gates.dtype))
    assert (gates[~inputs["presence"]] == 0).all()


@pytest.mark.parametrize("fusion", FUSIONS)
def test_no_fusion_looks_at_the_content_of_a_missing_modality(
    build_model: Build, inputs: Inputs, fusion: str
) -> None:
    model = build_model(fusion=fusion)
    before, _ = encode(model, inputs)
    inputs["pixel_values"][~inputs["presence"][:, 0]] = 7.0

    assert torch.equal(encode(model, inputs)[0], before)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_every_fusion_trains_all_its_weights(
    build_model: Build, inputs: Inputs, fusion: str
) -> None:
    model = build_model(fusion=fusion).train()

    model(**inputs).vectors.pow(3).sum().backward()

    silent = [name for name, p in model.fusion.named_parameters() if p.grad is None]
    assert silent == []


def test_without_gates_both_modalities_weigh_the_same(build_model: Build, inputs: Inputs) -> None:
    _, gates = encode(build_model(fusion="ungated"), inputs)

    assert (gates[inputs["presence"].all(dim=1)] == 0.5).all()


def test_imputed_tokens_say_what_a_missing_modality_would(
    build_model: Build, inputs: Inputs
) -> None:
    model = build_model(fusion="imputed")
    alone = ~inputs["presence"].all(dim=1)
    before, _ = encode(model, inputs)

    with torch.no_grad():
        model.fusion.missing_image.add_(1.0)
        model.fusion.missing_text.add_(1.0)
    after, _ = encode(model, inputs)

    assert alone.any()
    assert not torch.isclose(after[alone], before[alone]).all(dim=1).any()
    assert torch.equal(after[~alone], before[~alone])


def test_two_towers_give_the_mean_of_both_vectors(build_model: Build, inputs: Inputs) -> None:
    model = build_model(fusion="towers")
    rows = inputs["presence"].all(dim=1)
    both = {name: value[rows] for name, value in inputs.items()}
    image = {"pixel_values": both["pixel_values"]}
    text = {name: both[name] for name in ("input_ids", "attention_mask")}

    mean = encode(model, image)[0] + encode(model, text)[0]

    fused, _ = encode(model, both)
    assert torch.allclose(fused, torch.nn.functional.normalize(mean, dim=-1), atol=1e-12)


def test_the_released_fusion_has_the_size_that_was_counted() -> None:
    fusion = ReleasedFusion(UniECSConfig(dim=256, fusion_dim=256, fusion_heads=8))

    assert sum(p.numel() for p in fusion.parameters()) == RELEASED_PARAMETERS


def test_a_model_leaves_the_released_start_as_it_is(build_model: Build) -> None:
    fusion = build_model(fusion="released").fusion

    weight = fusion.input_image.weight.detach()
    bound = (6 / sum(weight.shape)) ** 0.5
    assert weight.abs().max() <= bound
    assert weight.std() == pytest.approx(bound / 3**0.5, rel=0.2)


def test_the_released_fusion_follows_its_equations(build_model: Build) -> None:
    """The slow twin of one gated layer: one token at a time."""
    layer = build_model(fusion="released").fusion.cross[0]
    image = torch.randn(2, 3, 16, dtype=torch.float64)
    text = torch.randn(2, 4, 16, dtype=torch.float64)

    got, _ = layer(image, text)

    v, t = layer.norm_image(image), layer.norm_text(text)
    attended, _ = layer.image_from_text(v, t, t)
    for row in range(2):
        for token in range(3):
            own, other = image[row, token], attended[row, token]
            flag = torch.ones(1, dtype=torch.float64)
            g = torch.sigmoid(layer.gate_image(torch.cat([own, other, flag])))
            assert torch.allclose(got[row, token], g * other + (1 - g) * own, atol=1e-12)


def test_the_released_vector_depends_on_padding_and_ours_does_not(
    build_model: Build, inputs: Inputs
) -> None:
    """UNIECS.md 7.3 M1, and what `padding` in 7.5's checklist asks of ours."""
    padded = dict(inputs)
    padded["input_ids"] = torch.nn.functional.pad(inputs["input_ids"], (0, 20), value=33)
    padded["attention_mask"] = torch.nn.functional.pad(inputs["attention_mask"], (0, 20))

    changes = {}
    for fusion in ("released", "gated"):
        model = build_model(fusion=fusion)
        changes[fusion] = (encode(model, padded)[0] - encode(model, inputs)[0]).abs().max().item()

    assert changes["released"] > 1e-3
    assert changes["gated"] < 1e-10
