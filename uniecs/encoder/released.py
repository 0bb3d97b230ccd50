"""The released fusion encoder, written from its equations (UNIECS.md 1.2): an arm to compare with.

Its defects are kept, for they are what the comparison is about: tokens at padding are attended to
and averaged (7.3 M1), a missing modality is an all-zero tensor that only a flag of the whole pass
tells apart (M2), and the fused vector is a sequence of length one (M3). Two things differ from the
release: here rows of different presence are passes of their own, as the release never mixes them,
and the width of the tokens may differ from that of the vector.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from uniecs.encoder.config import UniECSConfig
from uniecs.encoder.fusion import Stream

CROSS_LAYERS, OWN_BLOCKS, FUSED_BLOCKS = 3, 2, 3
FLAG_THRESHOLD = 1e-6


class ReleasedCrossLayer(nn.Module):
    """``V <- g_v A_v + (1 - g_v) V`` with ``g_v = sigmoid(W [V ; A_v ; e_t] + b)``, and its mirror.

    ``e_t = 1[sum |LN(T)| > 1e-6]`` is one number for the whole pass.
    """

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_image, self.norm_text = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.image_from_text = nn.MultiheadAttention(dim, heads, dropout, batch_first=True)
        self.text_from_image = nn.MultiheadAttention(dim, heads, dropout, batch_first=True)
        self.gate_image = nn.Linear(2 * dim + 1, dim)
        self.gate_text = nn.Linear(2 * dim + 1, dim)

    def forward(self, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """[N, P, D] and [N, L, D] in and out; both updates start from the layer's input."""
        v, t = self.norm_image(image), self.norm_text(text)
        from_text, _ = self.image_from_text(v, t, t, need_weights=False)
        from_image, _ = self.text_from_image(t, v, v, need_weights=False)
        return (
            self._mix(self.gate_image, image, from_text, t),
            self._mix(self.gate_text, text, from_image, v),
        )

    @staticmethod
    def _mix(gate: nn.Module, own: Tensor, attended: Tensor, other: Tensor) -> Tensor:
        flag = (other.abs().sum() > FLAG_THRESHOLD).to(own.dtype).expand(*own.shape[:2], 1)
        g = torch.sigmoid(gate(torch.cat([own, attended.to(own.dtype), flag], dim=-1)))
        mixed: Tensor = g * attended + (1 - g) * own
        return mixed


class ReleasedBlock(nn.Module):
    """Pre-LN Transformer block whose two residuals have learned gains that start at 1."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norm_attention, self.norm_mlp = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attention = nn.MultiheadAttention(dim, heads, dropout, batch_first=True)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * dim, dim)
        )
        self.gains = nn.Parameter(torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        """[N, P, D] in and out; no position is masked."""
        own = self.norm_attention(x)
        attended, _ = self.attention(own, own, own, need_weights=False)
        x = x + self.gains[0] * attended
        changed: Tensor = x + self.gains[1] * self.mlp(self.norm_mlp(x))
        return changed


class ReleasedPool(nn.Module):
    """``tanh(W LN(mean over all positions))``: padding counts."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.linear = nn.Linear(dim, dim)

    def forward(self, tokens: Tensor) -> Tensor:
        """[N, P, D] -> [N, D]."""
        pooled: Tensor = torch.tanh(self.linear(self.norm(tokens.mean(dim=1))))
        return pooled


class ReleasedFusion(nn.Module):
    """The release's "gated multimodal encoder" over the towers of this library."""

    def __init__(self, config: UniECSConfig) -> None:
        super().__init__()
        width, dim = config.fusion_dim, config.dim
        heads, dropout = config.fusion_heads, config.dropout
        self.length = config.max_text_tokens
        self.input_image, self.input_text = nn.Linear(width, width), nn.Linear(width, width)
        self.cross = nn.ModuleList(
            ReleasedCrossLayer(width, heads, dropout) for _ in range(CROSS_LAYERS)
        )
        self.own_image = nn.ModuleList(
            ReleasedBlock(width, heads, dropout) for _ in range(OWN_BLOCKS)
        )
        self.own_text = nn.ModuleList(
            ReleasedBlock(width, heads, dropout) for _ in range(OWN_BLOCKS)
        )
        self.pool_image, self.pool_text = ReleasedPool(width), ReleasedPool(width)
        self.join = nn.Linear(2 * width, dim)
        self.fused = nn.ModuleList(ReleasedBlock(dim, heads, dropout) for _ in range(FUSED_BLOCKS))
        self.norm = nn.LayerNorm(dim)

    def start(self) -> None:
        """Xavier-uniform weights and zero biases, as the release starts from."""
        self.apply(_xavier)

    def forward(self, image: Stream, text: Stream, batch: int) -> tuple[Tensor, Tensor]:
        """Unit vectors [B, dim], and the shares of what is present: the release weighs nothing."""
        device = image.tokens.device
        presence = torch.zeros(batch, 2, dtype=torch.bool, device=device)
        presence[image.rows, 0] = True
        presence[text.rows, 1] = True
        rows, vectors = [], []
        for flags in ((True, True), (True, False), (False, True)):
            picked = (presence == torch.tensor(flags, device=device)).all(dim=1).nonzero()[:, 0]
            if len(picked):
                rows.append(picked)
                vectors.append(self._pass(*self._inputs(image, text, picked, flags)))
        if not rows:
            return image.tokens.new_zeros(0, self.norm.normalized_shape[0]), presence.float()
        joined = torch.cat(vectors)
        full = joined if joined.dtype == torch.float64 else joined.float()
        ordered = full.index_select(0, torch.cat(rows).argsort())
        weights = presence.to(full.dtype)
        return F.normalize(ordered, dim=-1), weights / weights.sum(dim=1, keepdim=True)

    def _inputs(
        self, image: Stream, text: Stream, rows: Tensor, flags: tuple[bool, bool]
    ) -> tuple[Tensor, Tensor]:
        """Unit tokens of the rows, text at its full length; zeros where a modality is masked."""
        count, width = len(rows), image.tokens.shape[-1]
        v = image.tokens.new_zeros(count, image.tokens.shape[1], width)
        t = text.tokens.new_zeros(count, self.length, width)
        if flags[0]:
            v = F.normalize(image.tokens[torch.searchsorted(image.rows, rows)], dim=-1)
        if flags[1]:
            units = F.normalize(text.tokens[torch.searchsorted(text.rows, rows)], dim=-1)
            units = units[:, : self.length]
            t = F.pad(units, (0, 0, 0, self.length - units.shape[1]))
        return v, t

    def _pass(self, image: Tensor, text: Tensor) -> Tensor:
        image, text = self.input_image(image), self.input_text(text)
        for layer in self.cross:
            image, text = layer(image, text)
        for block in self.own_image:
            image = block(image)
        for block in self.own_text:
            text = block(text)
        x = self.join(torch.cat([self.pool_image(image), self.pool_text(text)], dim=-1))[:, None]
        for block in self.fused:
            x = block(x)
        fused: Tensor = self.norm(x[:, 0])
        return fused


def _xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.MultiheadAttention):
        nn.init.xavier_uniform_(module.in_proj_weight)
        nn.init.zeros_(module.in_proj_bias)
