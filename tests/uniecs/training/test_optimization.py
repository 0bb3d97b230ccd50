"""Every weight learns at the rate of its place, once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoConfig

from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.model import UniECSModel
from uniecs.losses.config import LossConfig
from uniecs.losses.objective import build_objective
from uniecs.training.config import OptimizerConfig
from uniecs.training.optimization import build_optimizer, rate


@pytest.fixture(scope="module")
def model() -> UniECSModel:
    common = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2}
    text = AutoConfig.for_model("bert", vocab_size=40, intermediate_size=16, **common)
    vision = AutoConfig.for_model("vit", image_size=16, patch_size=8, **common)
    config = UniECSConfig(
        vision_config=vision.to_dict(),
        text_config=text.to_dict(),
        dim=16,
        fusion_dim=16,
        fusion_layers=1,
        fusion_heads=2,
    )
    return UniECSModel(config)


def rates(model: UniECSModel, config: OptimizerConfig) -> dict[str, tuple[float, float]]:
    optimizer = build_optimizer(model, build_objective(LossConfig()), config)
    names = {id(p): name for name, p in model.named_parameters()}
    return {
        names.get(id(p), "loss"): (group["peak"], group["weight_decay"])
        for group in optimizer.param_groups
        for p in group["params"]
    }


def test_layers_learn_slower_the_deeper_they_are(model: UniECSModel) -> None:
    found = rates(model, OptimizerConfig(lr=1e-3, tower_lr=1e-4, layer_decay=0.5))

    def of(part: str) -> float:
        return next(peak for name, (peak, _) in found.items() if part in name)

    assert of("fusion.pool_image") == 1e-3
    assert of("project_text") == 1e-3
    for tower in ("text", "vision"):
        layers = [of(f"{tower}.tower.{where}") for where in LAYERS[tower]]
        assert layers == pytest.approx([1e-4, 5e-5, 2.5e-5, 1.25e-5])
    assert of("vision.tower.layernorm") == 1e-4


LAYERS = {
    "text": ["encoder.layer.2.", "encoder.layer.1.", "encoder.layer.0.", "embeddings."],
    "vision": ["layers.2.", "layers.1.", "layers.0.", "embeddings."],
}


def test_every_weight_is_in_one_group(model: UniECSModel) -> None:
    objective = build_objective(LossConfig())
    optimizer = build_optimizer(model, objective, OptimizerConfig(layer_decay=0.75))

    held = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert len(held) == len(set(held))
    assert set(held) == {id(p) for p in (*model.parameters(), *objective.parameters())}


def test_only_matrices_decay(model: UniECSModel) -> None:
    found = rates(model, OptimizerConfig(weight_decay=0.1))

    for name, parameter in model.named_parameters():
        assert found[name][1] == (0.1 if parameter.dim() > 1 else 0.0), name


@given(total=st.integers(2, 500), warmup=st.floats(0, 0.5), floor=st.floats(0, 1))
def test_the_rate_warms_up_and_ends_at_its_floor(total: int, warmup: float, floor: float) -> None:
    config = OptimizerConfig(warmup=warmup, floor=floor)

    shares = [rate(step, total, config) for step in range(total)]

    warm = round(warmup * total)
    assert shares[:warm] == sorted(shares[:warm])
    assert shares[warm:] == sorted(shares[warm:], reverse=True)
    assert max(shares) <= 1
    if total - 1 > warm:
        assert shares[-1] == pytest.approx(floor)
