"""A config that trains a tiny encoder in seconds."""

import pytest

from uniecs.training.config import TrainConfig, preset


@pytest.fixture(scope="session")
def tiny_config() -> TrainConfig:
    return preset(
        "small",
        [
            'encoder.vision={"type": "resnet", "options": {"embedding_size": 8, '
            '"hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}}',
            'encoder.text={"type": "bert", "options": {"hidden_size": 16, '
            '"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}}',
            "encoder.dim=16",
            "encoder.fusion_dim=16",
            "encoder.fusion_heads=2",
            "encoder.image_size=32",
            "encoder.max_text_tokens=16",
            "encoder.vocabulary=300",
            "run.epochs=3",
            "run.batch_size=24",
            "run.precision=float32",
            "run.checkpoint_seconds=0.001",
            "run.validate_every=2",
        ],
    )
