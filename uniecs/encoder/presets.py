"""From a choice of towers to a model and its processor: presets, hub ids, local folders."""

from collections.abc import Iterable
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from transformers import AutoConfig, AutoTokenizer, BertTokenizer, PreTrainedTokenizerBase
from transformers.configuration_utils import PreTrainedConfig
from transformers.models.vit import ViTImageProcessorPil

from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.encoder.towers import copy_weights, load_tower

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class TowerChoice(BaseModel):
    """One tower: pretrained weights from ``source``, or random weights of a config.

    Attributes:
        source: Hub id or local folder; None builds ``type`` with ``options`` from scratch.
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
        image_size: Side of the square that pictures are resized to, px.
        vocabulary: Size of the WordPiece vocabulary that is trained on the train split when the
            text tower has no source.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    preset: Literal["small", "base"] = "small"
    vision: TowerChoice
    text: TowerChoice
    dim: int = 256
    fusion_dim: int = 256
    fusion_layers: int = 3
    fusion_heads: int = 8
    fusion_ffn: int = 4
    dropout: float = Field(default=0.1, ge=0, lt=1)
    image_size: int = Field(default=224, ge=16)
    max_text_tokens: int = Field(default=64, ge=4)
    vocabulary: int = Field(default=8192, ge=64)


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


def build_encoder(
    config: EncoderConfig, texts: Iterable[str], *, seed: int
) -> tuple[UniECSModel, UniECSProcessor]:
    """Model and processor of a config; random weights come from ``seed``.

    Args:
        config: What to build.
        texts: Texts of the train split: the vocabulary of a tower without a source.
        seed: Of the random weights.

    Raises:
        ModelError: When a source cannot be loaded.
    """
    tokenizer = _tokenizer(config, texts)
    processor = UniECSProcessor(
        ViTImageProcessorPil(
            size={"height": config.image_size, "width": config.image_size},
            resample=3,  # bicubic
            image_mean=list(CLIP_MEAN),
            image_std=list(CLIP_STD),
        ),
        tokenizer,
    )
    pretrained = {
        part: load_tower(choice.source, part)
        for part, choice in (("vision", config.vision), ("text", config.text))
        if choice.source
    }
    vision = _tower_config(config.vision, pretrained.get("vision"), {})
    text = _tower_config(config.text, pretrained.get("text"), _vocabulary(tokenizer))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = UniECSModel(_model_config(config, vision, text))
    if "vision" in pretrained:
        copy_weights(model.vision.tower, pretrained["vision"])
    if "text" in pretrained:
        copy_weights(model.text.tower, pretrained["text"])
    return model, processor


def _model_config(
    config: EncoderConfig, vision: PreTrainedConfig, text: PreTrainedConfig
) -> UniECSConfig:
    return UniECSConfig(
        vision_config=vision.to_dict(),
        text_config=text.to_dict(),
        dim=config.dim,
        fusion_dim=config.fusion_dim,
        fusion_layers=config.fusion_layers,
        fusion_heads=config.fusion_heads,
        fusion_ffn=config.fusion_ffn,
        dropout=config.dropout,
        max_text_tokens=config.max_text_tokens,
    )


def _tower_config(choice: TowerChoice, pretrained: Any, extra: dict[str, Any]) -> PreTrainedConfig:
    if pretrained is not None:
        config: PreTrainedConfig = pretrained.config
        return config
    return AutoConfig.for_model(choice.type, **{**extra, **choice.options})


def _vocabulary(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    return {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}


def _tokenizer(config: EncoderConfig, texts: Iterable[str]) -> PreTrainedTokenizerBase:
    if config.text.source:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(config.text.source)
    else:
        tokenizer = train_wordpiece(texts, size=config.vocabulary)
    tokenizer.model_max_length = config.max_text_tokens
    return tokenizer


def train_wordpiece(texts: Iterable[str], *, size: int) -> BertTokenizer:
    """A lower-casing WordPiece tokenizer of any language, trained on ``texts``."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token=special[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(
        vocab_size=size, special_tokens=special, min_frequency=2, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return BertTokenizer(vocab=tokenizer.get_vocab(), do_lower_case=True)
