"""A tower that starts from a source learns slower than one from scratch."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModel

from uniecs.encoder.build import build_encoder, train_wordpiece
from uniecs.encoder.choices import EncoderConfig, TowerChoice
from uniecs.encoder.model import UniECSModel
from uniecs.training.config import OptimizerConfig
from uniecs.training.optimization import build_optimizer

BERT = {
    "hidden_size": 16,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}
RATES = OptimizerConfig(lr=4e-3, tower_lr=2e-3, pretrained_lr=1e-4)


@pytest.fixture
def half_pretrained(tmp_path: Path) -> UniECSModel:
    """A vision tower from scratch beside a text tower of three layers from a source."""
    words = train_wordpiece(["red mug", "blue lamp"] * 3, size=100)
    words.save_pretrained(tmp_path)
    config = AutoConfig.for_model("bert", **BERT, vocab_size=len(words))
    AutoModel.from_config(config).save_pretrained(tmp_path)
    choice = EncoderConfig(
        vision=TowerChoice(type="resnet", options={"hidden_sizes": [8, 8], "depths": [1, 1]}),
        text=TowerChoice(source=str(tmp_path)),
        dim=16,
        fusion_dim=16,
        fusion_layers=1,
        fusion_heads=2,
        image_size=32,
    )
    return build_encoder(choice, [], seed=0)[0]


def rates_by_name(model: UniECSModel) -> dict[str, float]:
    optimizer = build_optimizer(model, torch.nn.Linear(1, 1), RATES)
    rate = {p: group["peak"] for group in optimizer.param_groups for p in group["params"]}
    return {name: rate[p] for name, p in model.named_parameters()}


def test_lower_layers_of_a_pretrained_tower_learn_slower_still(
    half_pretrained: UniECSModel,
) -> None:
    rates = rates_by_name(half_pretrained)

    text = {name: rate for name, rate in rates.items() if name.startswith("text.")}
    for layer, below in ((2, 0), (1, 1), (0, 2)):
        own = {rate for name, rate in text.items() if f".layer.{layer}." in name}
        assert list(own) == pytest.approx([1e-4 * 0.75**below])
    embeddings = {rate for name, rate in text.items() if ".embeddings." in name}
    assert list(embeddings) == pytest.approx([1e-4 * 0.75**3])


def test_a_tower_from_scratch_and_the_fusion_learn_at_their_own_rates(
    half_pretrained: UniECSModel,
) -> None:
    rates = rates_by_name(half_pretrained)

    assert {rate for name, rate in rates.items() if name.startswith("vision.")} == {2e-3}
    assert {rate for name, rate in rates.items() if name.startswith("fusion.")} == {4e-3}
