"""A tiny float64 encoder and inputs of mixed presence."""

from collections.abc import Callable

import pytest
import torch
from transformers import AutoConfig

from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.model import UniECSModel

Inputs = dict[str, torch.Tensor]


@pytest.fixture
def build_model() -> Callable[..., UniECSModel]:
    def build(dtype: torch.dtype = torch.float64, **changes: object) -> UniECSModel:
        torch.manual_seed(0)
        text = AutoConfig.for_model(
            "bert",
            vocab_size=50,
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
        )
        vision = AutoConfig.for_model(
            "vit",
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=16,
            image_size=16,
            patch_size=8,
        )
        config = UniECSConfig(
            vision_config=vision.to_dict(),
            text_config=text.to_dict(),
            **{"dim": 16, "fusion_dim": 16, "fusion_layers": 2, "fusion_heads": 2, **changes},
        )
        model = UniECSModel(config).eval()
        return model.to(dtype)

    return build


@pytest.fixture
def inputs() -> Inputs:
    generator = torch.Generator().manual_seed(1)
    mask = torch.ones(6, 9, dtype=torch.long)
    mask[1, 5:] = 0
    mask[4, 3:] = 0
    return {
        "input_ids": torch.randint(5, 50, (6, 9), generator=generator),
        "attention_mask": mask,
        "pixel_values": torch.randn(6, 3, 16, 16, generator=generator, dtype=torch.float64),
        "presence": torch.tensor([[1, 1], [1, 1], [1, 0], [0, 1], [0, 1], [1, 0]]).bool(),
    }
