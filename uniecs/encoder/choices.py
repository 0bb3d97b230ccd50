"""Which towers, which sizes: the encoder's choices and their presets; loads no torch."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class TowerChoice(BaseModel):
    """One tower: pretrained weights from ``source``, or random weights of a config.

    Attributes:
        source: Hub id, local folder or ``minilm``; None builds ``type`` with ``options`` from
            scratch. A source brings its own tokenizer, or the size and colours of its pictures.
        type: A transformers model type, such as ``resnet``, ``convnextv2``, ``vit`` or ``bert``.
        options: Fields of that type's config.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str | None = None
    type: str = ""
    options: dict[str, Any] = Field(default_factory=dict)


class EncoderConfig(BaseModel):
    """What to build; frozen, and saved with the run.

    Attributes:
        fusion: Ours, or one of the arms that it is compared with (``uniecs.encoder.arms``).
        image_size: Side of the square that pictures are resized to, px, for a tower from scratch.
        vocabulary: Size of the WordPiece vocabulary that is trained on the train split when the
            text tower has no source.
        adapters: Freeze the towers and train side networks behind them; both need a source.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: Literal["small", "base"] = "small"
    vision: TowerChoice
    text: TowerChoice
    dim: int = 256
    fusion: Literal["gated", "ungated", "imputed", "towers", "released"] = "gated"
    fusion_dim: int = 256
    fusion_layers: int = 3
    fusion_heads: int = 8
    fusion_ffn: int = 4
    dropout: float = Field(default=0.1, ge=0, lt=1)
    image_size: int = Field(default=224, ge=16)
    max_text_tokens: int = Field(default=64, ge=4)
    vocabulary: int = Field(default=8192, ge=64)
    adapters: bool = False


def small() -> EncoderConfig:
    """From scratch, for a CPU and minutes: a residual network and a shallow BERT."""
    return EncoderConfig(
        preset="small",
        vision=TowerChoice(
            type="resnet",
            options={
                "embedding_size": 32,
                "hidden_sizes": [48, 96, 160, 256],
                "depths": [1, 1, 1, 1],
                "layer_type": "basic",
            },
        ),
        text=TowerChoice(
            type="bert",
            options={
                "hidden_size": 192,
                "num_hidden_layers": 2,
                "num_attention_heads": 4,
                "intermediate_size": 384,
                "max_position_embeddings": 128,
                "hidden_dropout_prob": 0.0,  # training hides words instead; see run.word_dropout
                "attention_probs_dropout_prob": 0.0,
            },
        ),
        fusion_dim=192,
        fusion_layers=1,
        fusion_heads=4,
        fusion_ffn=2,
        image_size=96,
        max_text_tokens=64,
    )


def base() -> EncoderConfig:
    """ViT-B/16 and BERT-base class, 0.2B parameters; give pretrained sources where you can."""
    return EncoderConfig(
        preset="base",
        vision=TowerChoice(type="vit", options={"image_size": 224, "patch_size": 16}),
        text=TowerChoice(type="bert"),
        vocabulary=21128,
    )


PRESETS = {"small": small, "base": base}
