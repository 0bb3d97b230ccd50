"""Any transformers vision or text model as a source of tokens."""

import importlib
from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import MODEL_MAPPING, AutoModel, PreTrainedModel
from transformers.configuration_utils import PreTrainedConfig

from uniecs.encoder.attention import use_fast_attention
from uniecs.encoder.sources import loading, located
from uniecs.errors import ModelError


def hidden_width(config: PreTrainedConfig) -> int:
    """Width of a tower's last hidden state.

    Raises:
        ModelError: When the config names none.
    """
    widths = getattr(config, "hidden_sizes", None)
    width = widths[-1] if widths else getattr(config, "hidden_size", None)
    width = width or getattr(config, "dim", None)
    if not width:
        raise ModelError(
            f"A {config.model_type!r} tower has no hidden size; use a ViT, CLIP, SigLIP, ConvNeXt, "
            "ResNet or BERT-like model."
        )
    return int(width)


def build_tower(config: PreTrainedConfig) -> PreTrainedModel:
    """A randomly initialised tower without heads that the encoder would not use.

    Raises:
        ModelError: When transformers has no model of this type.
    """
    tower: PreTrainedModel
    _make_known(type(config))
    try:
        tower = AutoModel.from_config(config, add_pooling_layer=False)
    except TypeError:  # towers such as ConvNeXt have no pooler to leave out
        tower = AutoModel.from_config(config)
    use_fast_attention(tower)
    return tower


def _make_known(config_class: type[PreTrainedConfig]) -> None:
    """Tell AutoModel the class of a tower, where it only knows that of the whole dual encoder.

    So it is with the text halves of SigLIP and Chinese-CLIP. By transformers' own rule of names
    ``configuration_x.XTextConfig`` belongs to ``modeling_x.XTextModel``.
    """
    if config_class in MODEL_MAPPING:
        return
    name = config_class.__name__.removesuffix("Config") + "Model"
    try:
        module = importlib.import_module(
            config_class.__module__.replace(".configuration_", ".modeling_")
        )
        AutoModel.register(config_class, getattr(module, name), exist_ok=True)
    except (ImportError, AttributeError) as error:
        raise ModelError(
            f"transformers has no tower of the type {config_class.model_type!r}; use a ViT, CLIP, "
            "SigLIP, ConvNeXt, ResNet or BERT-like model."
        ) from error


class VisionTokens(nn.Module):
    """Picture to tokens: [B, 3, H, W] -> [B, P, width]; CLS tokens are kept.

    Attributes:
        pretrained: Whether training starts from the weights of a source; not saved.
    """

    def __init__(self, config: PreTrainedConfig) -> None:
        super().__init__()
        self.pretrained = False
        self.tower = build_tower(config)

    def forward(self, pixels: Tensor) -> Tensor:
        """Tokens of the last layer; a feature map is read as one token per cell."""
        return _in_a_row(self.tower(pixel_values=pixels).last_hidden_state)

    def states(self, pixels: Tensor, layers: Iterable[int]) -> Tensor:
        """Tokens of the last layer beside those of lower ones: [B, P, sum of their widths].

        Feature maps of lower layers are averaged down to the cells of the last one.
        """
        output = self.tower(pixel_values=pixels, output_hidden_states=True)
        last: Tensor = output.last_hidden_state
        lower = [output.hidden_states[layer] for layer in layers]
        if last.dim() == 4:
            height, width = last.shape[2:]
            lower = [F.adaptive_avg_pool2d(state, (height, width)) for state in lower]
        return torch.cat([_in_a_row(state) for state in (last, *lower)], dim=-1)


def _in_a_row(tokens: Tensor) -> Tensor:
    """A feature map [B, width, H, W] as [B, H * W, width]; tokens as they are."""
    return tokens.flatten(2).transpose(1, 2) if tokens.dim() == 4 else tokens


class TextTokens(nn.Module):
    """Text to tokens: ids and mask [B, L] -> [B, L, width].

    Attributes:
        pretrained: Whether training starts from the weights of a source; not saved.
    """

    def __init__(self, config: PreTrainedConfig) -> None:
        super().__init__()
        self.pretrained = False
        self.tower = build_tower(config)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Tokens of the last layer; positions outside the mask hold anything."""
        tokens: Tensor = self.tower(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state
        return tokens

    def states(self, input_ids: Tensor, attention_mask: Tensor, layers: Iterable[int]) -> Tensor:
        """Tokens of the last layer beside those of lower ones: [B, L, sum of their widths]."""
        output = self.tower(
            input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True
        )
        lower = [output.hidden_states[layer] for layer in layers]
        return torch.cat([output.last_hidden_state, *lower], dim=-1)


def load_tower(source: str, part: str) -> PreTrainedModel:
    """Pretrained weights of a source (``uniecs.encoder.sources``) in float32, never unpickled.

    A dual encoder such as CLIP or SigLIP, or a model folder of ours, gives the half that ``part``,
    vision or text, names.

    Raises:
        ModelError: When nothing can be loaded from ``source``.
    """
    folder = located(source)
    with loading(f"{part} tower", source):
        model = AutoModel.from_pretrained(
            folder, trust_remote_code=False, use_safetensors=True, dtype=torch.float32
        )
    half = getattr(model, f"{part}_model", model)
    ours = getattr(model, part, None)
    if isinstance(ours, VisionTokens | TextTokens):
        half = ours.tower
    if not isinstance(half, PreTrainedModel):
        raise ModelError(
            f"{source!r} has no {part} tower of its own; it is a {type(model).__name__}."
        )
    return half


def copy_weights(tokens: VisionTokens | TextTokens, source: nn.Module) -> None:
    """Copy a pretrained tower into the encoder's own; heads that the encoder lacks are left out.

    Raises:
        ModelError: When a weight that the encoder needs is missing or of another shape.
    """
    target, have = tokens.tower, source.state_dict()
    missing = [
        name
        for name, value in target.state_dict().items()
        if name not in have or have[name].shape != value.shape
    ]
    if missing:
        raise ModelError(
            f"The pretrained tower lacks {len(missing)} weights, first {missing[0]!r}; "
            "its config differs from the encoder's."
        )
    with torch.no_grad():
        target.load_state_dict({name: have[name] for name in target.state_dict()})
    tokens.pretrained = True
