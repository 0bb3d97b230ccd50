"""The fusions that a model can be built with: ours, and the arms that it is compared with."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.fusion import GatedFusion, Stream
from uniecs.encoder.released import ReleasedFusion


class TwoTowers(nn.Module):
    """CLIP's arrangement: a linear head over each tower's mean token, no fusion.

    A row with both modalities is the normalised mean of its two unit vectors.
    """

    def __init__(self, config: UniECSConfig) -> None:
        super().__init__()
        self.norm_image = nn.LayerNorm(config.fusion_dim)
        self.norm_text = nn.LayerNorm(config.fusion_dim)
        self.head_image = nn.Linear(config.fusion_dim, config.dim, bias=False)
        self.head_text = nn.Linear(config.fusion_dim, config.dim, bias=False)

    def forward(self, image: Stream, text: Stream, batch: int) -> tuple[Tensor, Tensor]:
        """Unit vectors [B, dim]; weights [B, 2] are equal shares of what is present."""
        of_image = self.head_image(self.norm_image(mean_token(image)))
        of_text = self.head_text(self.norm_text(mean_token(text)))
        total = of_image.new_zeros(batch, of_image.shape[-1])
        presence = of_image.new_zeros(batch, 2)
        for column, (stream, vectors) in enumerate(((image, of_image), (text, of_text))):
            unit = F.normalize(vectors, dim=-1).to(total.dtype)
            total = total.index_add(0, stream.rows, unit)
            presence[stream.rows, column] = 1
        gates = presence / presence.sum(dim=1, keepdim=True)
        full = total if total.dtype == torch.float64 else total.float()
        return F.normalize(full, dim=-1), gates.to(full.dtype)


def mean_token(stream: Stream) -> Tensor:
    """[N, D]: mean over the valid tokens of each entry."""
    if stream.mask is None:
        return stream.tokens.mean(dim=1)
    valid = stream.mask[:, :, None].to(stream.tokens.dtype)
    return (stream.tokens * valid).sum(dim=1) / valid.sum(dim=1)


def _ungated(config: UniECSConfig) -> nn.Module:
    return GatedFusion(config, gated=False)


FUSIONS: dict[str, Callable[[UniECSConfig], nn.Module]] = {
    "gated": GatedFusion,
    "ungated": _ungated,
    "towers": TwoTowers,
    "released": ReleasedFusion,
}
"""``gated`` is ours (UNIECS.md 7.4); ``ungated`` is ours with every gate open; ``towers`` has no
fusion; ``released`` is the release's (UNIECS.md 1.2)."""
