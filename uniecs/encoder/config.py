"""Configuration of the encoder: two towers, the fusion between them, and the vector."""

from typing import Any, ClassVar

from transformers import AutoConfig
from transformers.configuration_utils import PreTrainedConfig, SubConfigSpec


class UniECSConfig(PreTrainedConfig):
    """Everything that shapes the model; saved as ``config.json``.

    Attributes:
        vision_config: Config of any transformers vision tower.
        text_config: Config of any transformers text tower.
        dim: Length of the final vector.
        fusion: Name of the fusion in ``uniecs.encoder.arms``; ``gated`` is ours.
        fusion_dim: Width of the two streams between towers and vector.
        fusion_layers: Gated cross-attention layers.
        fusion_heads: Heads of each cross-attention.
        fusion_ffn: Width of a stream's feed-forward block, in multiples of fusion_dim.
        dropout: Applied to attention outputs and feed-forward blocks of the fusion.
        max_text_tokens: Longer texts are cut.
        adapters: Whether the towers are frozen and side networks stand behind them.
        adapter_dim: Width of a side block's bottleneck.
    """

    model_type = "uniecs"
    sub_configs_defaults: ClassVar[dict[str, SubConfigSpec]] = {
        "vision_config": SubConfigSpec(config_class=AutoConfig, model_type="vit"),
        "text_config": SubConfigSpec(config_class=AutoConfig, model_type="bert"),
    }

    vision_config: Any = None
    text_config: Any = None
    dim: int = 256
    fusion: str = "gated"
    fusion_dim: int = 256
    fusion_layers: int = 3
    fusion_heads: int = 8
    fusion_ffn: int = 4
    dropout: float = 0.1
    max_text_tokens: int = 64
    adapters: bool = False
    adapter_dim: int = 64
    initializer_range: float = 0.02
