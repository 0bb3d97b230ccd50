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


class ImputedFusion(GatedFusion):
    """Ours, but a missing modality is imputed: learned tokens attend the present one, and pool.

    As the release does implicitly (UNIECS.md 7.4). Weights are reported of what is present.
    """

    IMPUTED = 4
    """Learned tokens that stand for a missing stream."""

    def __init__(self, config: UniECSConfig) -> None:
        super().__init__(config)
        shape, deviation = (self.IMPUTED, config.fusion_dim), config.initializer_range
        self.missing_image = nn.Parameter(deviation * torch.randn(shape))
        self.missing_text = nn.Parameter(deviation * torch.randn(shape))

    def forward(self, image: Stream, text: Stream, batch: int) -> tuple[Tensor, Tensor]:
        """Unit vectors [B, dim] and weights [B, 2] of what is present."""
        present = torch.zeros(batch, 2, dtype=torch.bool, device=image.rows.device)
        present[image.rows, 0] = True
        present[text.rows, 1] = True
        whole = (
            _completed(image, self.missing_image, batch),
            _completed(text, self.missing_text, batch),
        )
        vectors, gates = super().forward(*whole, batch)
        gates = gates.masked_fill(~present, 0.0)
        return vectors, gates / gates.sum(dim=1, keepdim=True)


def _completed(stream: Stream, missing: Tensor, batch: int) -> Stream:
    """A stream of all rows: ``missing`` [K, D] stands in those that it lacks."""
    rows = torch.arange(batch, device=stream.rows.device)
    length = max(stream.tokens.shape[1], missing.shape[0])
    padded = F.pad(missing, (0, 0, 0, length - missing.shape[0])).to(stream.tokens.dtype)
    valid = rows.new_zeros(length, dtype=torch.bool)
    valid[: missing.shape[0]] = True
    own = F.pad(stream.tokens, (0, 0, 0, length - stream.tokens.shape[1]))
    mask = torch.ones_like(stream.tokens[:, :, 0], dtype=torch.bool)
    mask = F.pad(mask if stream.mask is None else stream.mask, (0, length - mask.shape[1]))
    tokens = padded.expand(batch, -1, -1).index_copy(0, stream.rows, own)
    return Stream(tokens, rows, valid.expand(batch, -1).index_copy(0, stream.rows, mask))


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
    "imputed": ImputedFusion,
    "towers": TwoTowers,
    "released": ReleasedFusion,
}
"""``gated`` is ours (UNIECS.md 7.4); ``ungated`` is ours with every gate open; ``imputed`` gives a
missing modality tokens; ``towers`` has no fusion; ``released`` is the release's (UNIECS.md 1.2)."""
