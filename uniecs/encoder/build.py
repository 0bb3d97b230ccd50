"""From the encoder's choices to a model and its processor: scratch, hub ids, local folders."""

from collections.abc import Iterable
from typing import Any

import torch
from transformers import AutoConfig, BertTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.configuration_utils import PreTrainedConfig
from transformers.models.vit import ViTImageProcessorPil

from uniecs.encoder.choices import EncoderConfig, TowerChoice
from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.model import UniECSModel, register_auto_classes
from uniecs.encoder.processor import UniECSProcessor
from uniecs.encoder.sources import PictureSettings, load_tokenizer, picture_settings
from uniecs.encoder.towers import copy_weights, load_tower
from uniecs.errors import UsageError


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
        UsageError: When towers that have learned nothing should be frozen.
    """
    if config.adapters and not (config.vision.source and config.text.source):
        raise UsageError(
            "encoder.adapters=true freezes both towers, and a tower from scratch has learned "
            "nothing yet; give encoder.vision.source and encoder.text.source, such as the model/ "
            "folder of a finished run, or encoder.adapters=false."
        )
    register_auto_classes()  # a source may be a model folder of ours
    pretrained = {
        part: load_tower(choice.source, part)
        for part, choice in (("vision", config.vision), ("text", config.text))
        if choice.source
    }
    tokenizer = _tokenizer(config, texts, pretrained.get("text"))
    vision = _tower_config(config.vision, pretrained.get("vision"), {})
    text = _tower_config(config.text, pretrained.get("text"), _vocabulary(tokenizer))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = UniECSModel(_model_config(config, vision, text))
    if "vision" in pretrained:
        copy_weights(model.vision, pretrained["vision"])
    if "text" in pretrained:
        copy_weights(model.text, pretrained["text"])
    return model, UniECSProcessor(_image_processor(config, vision), tokenizer)


def _image_processor(config: EncoderConfig, tower: PreTrainedConfig) -> ViTImageProcessorPil:
    settings = PictureSettings(config.image_size, config.image_size)
    if config.vision.source:
        settings = picture_settings(config.vision.source, tower, config.image_size)
    return ViTImageProcessorPil(
        size={"height": settings.height, "width": settings.width},
        resample=settings.resample,
        image_mean=list(settings.mean),
        image_std=list(settings.deviation),
    )


def _model_config(
    config: EncoderConfig, vision: PreTrainedConfig, text: PreTrainedConfig
) -> UniECSConfig:
    return UniECSConfig(
        vision_config=vision.to_dict(),
        text_config=text.to_dict(),
        dim=config.dim,
        fusion=config.fusion,
        fusion_dim=config.fusion_dim,
        fusion_layers=config.fusion_layers,
        fusion_heads=config.fusion_heads,
        fusion_ffn=config.fusion_ffn,
        dropout=config.dropout,
        max_text_tokens=config.max_text_tokens,
        adapters=config.adapters,
    )


def _tower_config(choice: TowerChoice, pretrained: Any, extra: dict[str, Any]) -> PreTrainedConfig:
    if pretrained is not None:
        config: PreTrainedConfig = pretrained.config
        return config
    return AutoConfig.for_model(choice.type, **{**extra, **choice.options})


def _vocabulary(tokenizer: PreTrainedTokenizerBase) -> dict[str, Any]:
    return {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}


def _tokenizer(
    config: EncoderConfig, texts: Iterable[str], pretrained: PreTrainedModel | None
) -> PreTrainedTokenizerBase:
    """The source's tokenizer or a new one; texts are cut where the tower's positions end."""
    if pretrained is None or config.text.source is None:
        tokenizer: PreTrainedTokenizerBase = train_wordpiece(texts, size=config.vocabulary)
        longest = config.max_text_tokens
    else:
        tokenizer = load_tokenizer(config.text.source)
        places = getattr(pretrained.config, "max_position_embeddings", config.max_text_tokens)
        longest = min(config.max_text_tokens, tokenizer.model_max_length, places)
    tokenizer.model_max_length = longest
    return tokenizer


def train_wordpiece(texts: Iterable[str], *, size: int) -> BertTokenizer:
    """A lower-casing WordPiece tokenizer of any language; the same texts give the same vocabulary.

    The trainer numbers pieces inside words in the order of a hash map, and breaks ties between
    merges by those numbers: naming the single letters as special tokens first fixes the order.
    """
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    texts = list(texts)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token=special[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    letters = {letter for text in texts for letter in tokenizer.normalizer.normalize_str(text)}
    inner = [f"##{letter}" for letter in sorted(letters) if not letter.isspace()]
    trainer = trainers.WordPieceTrainer(
        vocab_size=max(size, len(special) + 2 * len(inner)),
        special_tokens=[*special, *inner],
        min_frequency=2,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return BertTokenizer(vocab=tokenizer.get_vocab(), do_lower_case=True)
