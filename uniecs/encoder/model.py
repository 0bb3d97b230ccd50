"""The encoder: towers, gated fusion, one unit vector. Math only."""

from dataclasses import dataclass
from typing import Self, cast

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.configuration_utils import PreTrainedConfig
from transformers.utils.generic import ModelOutput

from uniecs.encoder.arms import FUSIONS
from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.fusion import GatedUpdate, Stream
from uniecs.encoder.released import ReleasedFusion
from uniecs.encoder.side import SideBlock, SideNetwork, read_layers
from uniecs.encoder.towers import TextTokens, VisionTokens, hidden_width


@dataclass
class UniECSOutput(ModelOutput):
    """What the encoder says about B rows.

    Attributes:
        vectors: [B, dim], unit length.
        gates: [B, 2] modality weights (image, text): sum 1, exactly 0 where absent.
    """

    vectors: Tensor | None = None
    gates: Tensor | None = None


class UniECSModel(PreTrainedModel):
    """Text, picture or both to one unit vector (UNIECS.md 7.4)."""

    config_class = UniECSConfig
    base_model_prefix = "uniecs"
    main_input_name = "input_ids"

    def __init__(self, config: UniECSConfig) -> None:
        super().__init__(config)
        width = config.fusion_dim
        self.vision = VisionTokens(config.vision_config)
        self.text = TextTokens(config.text_config)
        self.project_image = nn.Linear(hidden_width(config.vision_config), width)
        self.project_text = nn.Linear(hidden_width(config.text_config), width)
        self.fusion = FUSIONS[config.fusion](config)
        self.side_image: nn.Module = nn.Identity()
        self.side_text: nn.Module = nn.Identity()
        if config.adapters:
            self.side_image = _side_network(config.vision_config, config.adapter_dim)
            self.side_text = _side_network(config.text_config, config.adapter_dim)
            self.vision.requires_grad_(False).eval()
            self.text.requires_grad_(False).eval()
        self.post_init()
        if isinstance(self.fusion, ReleasedFusion):
            self.fusion.start()

    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if isinstance(module, GatedUpdate):
            if module.gated:
                nn.init.constant_(module.gate_own.bias, -1.0)
                nn.init.zeros_(module.gate_presence)
            nn.init.normal_(module.prior, std=self.config.initializer_range)
        if isinstance(module, SideBlock):
            module.start()

    def train(self, mode: bool = True) -> Self:
        """Training mode for what is trained: frozen towers keep still."""
        super().train(mode)
        if self.config.adapters:
            self.vision.eval()
            self.text.eval()
        return self

    @property
    def reads_padding(self) -> bool:
        """Whether what texts are padded to says something, as in the release (7.3 M1)."""
        return isinstance(self.fusion, ReleasedFusion)

    def image_states(self, pixel_values: Tensor) -> Tensor:
        """Pictures [N, 3, H, W] to what the trained part is given of them, [N, P, widths]."""
        if not self.config.adapters:
            return cast(Tensor, self.vision(pixel_values))
        return self.vision.states(pixel_values, read_layers(self.config.vision_config))

    def text_states(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Texts [N, L] to what the trained part is given of them, [N, L, widths]."""
        if not self.config.adapters:
            return cast(Tensor, self.text(input_ids, attention_mask))
        layers = read_layers(self.config.text_config)
        return self.text.states(input_ids, attention_mask, layers)

    def image_tokens_of(self, states: Tensor) -> Tensor:
        """States of pictures to tokens [N, P, fusion_dim]."""
        return cast(Tensor, self.project_image(self.side_image(states)))

    def text_tokens_of(self, states: Tensor) -> Tensor:
        """States of texts to tokens [N, L, fusion_dim]."""
        return cast(Tensor, self.project_text(self.side_text(states)))

    def image_tokens(self, pixel_values: Tensor) -> Tensor:
        """Pictures [N, 3, H, W] to tokens [N, P, fusion_dim]."""
        return self.image_tokens_of(self.image_states(pixel_values))

    def text_tokens(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Texts [N, L] to tokens [N, L, fusion_dim]."""
        return self.text_tokens_of(self.text_states(input_ids, attention_mask))

    def fuse(self, image: Stream | None, text: Stream | None, batch: int) -> UniECSOutput:
        """Fuse streams of tokens into ``batch`` vectors; a row stands in one stream or both."""
        vectors, gates = self.fusion(self._filled(image), self._filled(text), batch)
        return UniECSOutput(vectors=vectors, gates=gates)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        pixel_values: Tensor | None = None,
        presence: Tensor | None = None,
        **_kwargs: object,
    ) -> UniECSOutput:
        """Encode B rows.

        Args:
            input_ids: [B, L] int64, or None when no row has text.
            attention_mask: [B, L], 1 for valid tokens.
            pixel_values: [B, 3, H, W], or None when no row has a picture.
            presence: [B, 2] bool (image, text); by default what is given is present everywhere.
                A row's content of an absent modality is never looked at.

        Raises:
            ValueError: When a row has neither modality.
        """
        given = pixel_values if pixel_values is not None else input_ids
        if given is None:
            raise ValueError("give input_ids, pixel_values or both")
        batch = len(given)
        if presence is None:
            flags = [pixel_values is not None, input_ids is not None]
            presence = torch.tensor([flags] * batch, device=given.device)
        if not presence.any(dim=1).all():
            raise ValueError("every row needs a picture or a text")
        image = text = None
        rows = presence[:, 0].nonzero().squeeze(1)
        if pixel_values is not None and len(rows):
            image = Stream(self.image_tokens(pixel_values[rows]), rows)
        rows = presence[:, 1].nonzero().squeeze(1)
        if input_ids is not None and len(rows):
            mask = torch.ones_like(input_ids) if attention_mask is None else attention_mask
            tokens = self.text_tokens(input_ids[rows], mask[rows])
            text = Stream(tokens, rows, mask[rows].bool())
        return self.fuse(image, text, batch)

    def _filled(self, stream: Stream | None) -> Stream:
        """The stream, or one without rows."""
        if stream is not None:
            return stream
        weight = self.project_image.weight
        tokens = weight.new_zeros(0, 1, self.config.fusion_dim)
        return Stream(tokens, torch.zeros(0, dtype=torch.long, device=weight.device))


def _side_network(tower: PreTrainedConfig, rank: int) -> SideNetwork:
    return SideNetwork(hidden_width(tower), list(read_layers(tower).values()), rank)


def register_auto_classes() -> None:
    """Make AutoConfig, AutoModel and AutoProcessor know ``uniecs``; safe to call again."""
    from transformers import AutoProcessor

    from uniecs.encoder.processor import UniECSProcessor

    AutoConfig.register("uniecs", UniECSConfig, exist_ok=True)
    AutoModel.register(UniECSConfig, UniECSModel, exist_ok=True)
    AutoProcessor.register(UniECSConfig, UniECSProcessor, exist_ok=True)
