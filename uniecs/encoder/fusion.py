"""Gated cross-modal fusion with presence per sample (UNIECS.md 7.4).

Shapes: B rows of the batch; a *stream* holds only the rows that have its modality, N of them, as
tokens [N, P, D] with a mask [N, P] (True = valid). Rows without a modality have no tokens at all,
so their content cannot matter. ``r`` is presence per row: r_v for the image, r_t for the text.
Rows are picked by ``index_select``: the gradient of plain indexing adds up in no fixed order.
Sizes are read from ``shape``, for ``len`` would fix them in an exported graph.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from uniecs.encoder.attention import attention
from uniecs.encoder.config import UniECSConfig


@dataclass(frozen=True)
class Stream:
    """Tokens of one modality.

    Attributes:
        tokens: [N, P, D].
        rows: [N] int64, ascending: the batch row of each entry.
        mask: [N, P] bool, True where the token is valid; None means all are.
    """

    tokens: Tensor
    rows: Tensor
    mask: Tensor | None = None


@dataclass(frozen=True)
class Shared:
    """Rows that have both modalities: their places in the image and in the text stream, [M]."""

    image: Tensor
    text: Tensor

    @classmethod
    def of(cls, image: Stream, text: Stream, batch: int) -> "Shared":
        """Find the rows that stand in both streams; known beforehand where all rows are alike."""
        if not image.rows.shape[0] or not text.rows.shape[0]:
            none = image.rows[:0]
            return cls(image=none, text=none)
        if image.rows is text.rows:
            every = torch.arange(image.rows.shape[0], device=image.rows.device)
            return cls(image=every, text=every)
        device = image.rows.device
        place = torch.full((2, batch), -1, dtype=torch.long, device=device)
        place[0, image.rows] = torch.arange(image.rows.shape[0], device=device)
        place[1, text.rows] = torch.arange(text.rows.shape[0], device=device)
        both = (place >= 0).all(dim=0)
        return cls(image=place[0, both], text=place[1, both])


class CrossAttention(nn.Module):
    """Multi-head attention of one stream's tokens over the other stream's valid tokens."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(dim, dim)
        self.key_value = nn.Linear(dim, 2 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, own: Tensor, other: Tensor, mask: Tensor | None) -> Tensor:
        """[M, P, D] attends [M, K, D] under mask [M, K]; at least one key of a row is valid."""
        q = self._split(self.query(own))
        k, v = (self._split(x) for x in self.key_value(other).chunk(2, dim=-1))
        attended = attention(q, k, v, None if mask is None else mask[:, None, None, :])
        merged: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return merged

    def _split(self, x: Tensor) -> Tensor:
        heads: Tensor = x.unflatten(-1, (self.heads, -1))
        return heads.transpose(1, 2)


class GatedUpdate(nn.Module):
    """``V <- V + g * (r_t A + (1 - r_t) c)``, then a pre-LN feed-forward residual.

    ``g = sigmoid(W [V ; r_t A ; r_v ; r_t] + b)`` per token and channel, b starting at -1 so that
    a layer begins near identity; ``c`` is a learned prior that stands in for the missing other
    modality. Without gates (an arm to compare with) g is 1. With ``remade`` the update's
    activations are made again for the backward pass: kept, they would be most of a layer's.
    """

    def __init__(
        self, dim: int, ffn: int, dropout: float, *, gated: bool = True, remade: bool = True
    ) -> None:
        super().__init__()
        self.gated = gated
        self.remade = remade
        if gated:
            self.gate_own = nn.Linear(dim, dim)
            self.gate_other = nn.Linear(dim, dim, bias=False)
            self.gate_presence = nn.Parameter(torch.zeros(2, dim))  # other absent, other present
        self.prior = nn.Parameter(torch.zeros(dim))
        self.norm = nn.LayerNorm(dim)
        self.widen = nn.Linear(dim, ffn * dim)
        self.activate = nn.GELU()
        self.narrow = nn.Linear(ffn * dim, dim)
        self.drop = nn.Dropout(dropout)

    def forward(self, own: Tensor, attended: Tensor, shared: Tensor) -> Tensor:
        """Update [N, P, D]; ``attended`` [M, P, D] belongs to the entries ``shared`` [M]."""
        given = (own, attended, self.drop(attended), shared)
        if self.remade and self.training and torch.is_grad_enabled():
            updated, residual = checkpoint(
                self._update, *given, use_reentrant=False, preserve_rng_state=False
            )
        else:
            updated, residual = self._update(*given)
        whole: Tensor = updated + self.drop(residual)
        return whole

    def _update(
        self, own: Tensor, attended: Tensor, dropped: Tensor, shared: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The gated tokens, and what the feed-forward part adds to them."""
        update = self.prior.to(own.dtype).expand_as(own)
        if shared.shape[0]:
            update = update.index_copy(0, shared, dropped.to(own.dtype))
        if self.gated:
            update = torch.sigmoid(self._gate(own, attended, shared)) * update
        own = own + update
        return own, self.narrow(self.activate(self.widen(self.norm(own))))

    def _gate(self, own: Tensor, attended: Tensor, shared: Tensor) -> Tensor:
        present = torch.zeros(own.shape[0], dtype=torch.long, device=own.device)
        present[shared] = 1
        flags = self.gate_presence.index_select(0, present)[:, None, :]
        logits: Tensor = self.gate_own(own) + flags.to(own.dtype)
        if shared.shape[0]:
            logits = logits.index_add(0, shared, self.gate_other(attended).to(logits.dtype))
        return logits


class FusionLayer(nn.Module):
    """Both streams attend each other in parallel, each through its own gate."""

    def __init__(self, config: UniECSConfig, *, gated: bool = True) -> None:
        super().__init__()
        dim, heads, ffn = config.fusion_dim, config.fusion_heads, config.fusion_ffn
        self.norm_image = nn.LayerNorm(dim)
        self.norm_text = nn.LayerNorm(dim)
        self.image_from_text = CrossAttention(dim, heads)
        self.text_from_image = CrossAttention(dim, heads)
        remade = not config.adapters  # frozen towers keep no activations, which leaves room
        self.update_image, self.update_text = (
            GatedUpdate(dim, ffn, config.dropout, gated=gated, remade=remade) for _ in range(2)
        )

    def forward(self, image: Stream, text: Stream, shared: Shared) -> tuple[Stream, Stream]:
        """Streams in, streams out, same rows and masks."""
        v = self.norm_image(image.tokens.index_select(0, shared.image))
        t = self.norm_text(text.tokens.index_select(0, shared.text))
        v_mask = None if image.mask is None else image.mask[shared.image]
        t_mask = None if text.mask is None else text.mask[shared.text]
        if shared.image.shape[0]:
            from_text = self.image_from_text(v, t, t_mask)
            from_image = self.text_from_image(t, v, v_mask)
        else:
            from_text, from_image = v, t
        new_image = self.update_image(image.tokens, from_text, shared.image)
        new_text = self.update_text(text.tokens, from_image, shared.text)
        return Stream(new_image, image.rows, image.mask), Stream(new_text, text.rows, text.mask)


class AttentionPool(nn.Module):
    """[N, P, D] -> [N, out]: a learned weighting of the valid tokens."""

    def __init__(self, dim: int, out: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.score = nn.Linear(dim, 1)
        self.value = nn.Linear(dim, out)

    def forward(self, stream: Stream) -> Tensor:
        """Pool a stream; every entry has at least one valid token."""
        tokens = self.norm(stream.tokens)
        scores = self.score(tokens).squeeze(-1)
        if stream.mask is not None:
            scores = scores.masked_fill(~stream.mask, float("-inf"))
        weights = scores.softmax(dim=-1)
        pooled: Tensor = self.value(torch.einsum("np,npd->nd", weights.to(tokens.dtype), tokens))
        return pooled


class GatedHead(nn.Module):
    """Weigh the two pooled modalities, add their interaction, normalise to one vector.

    ``a = softmax(W [r_v p_v ; r_t p_t ; r_v ; r_t] + log r)`` is exactly 0 for a missing modality;
    ``z = a_v r_v p_v + a_t r_t p_t + r_v r_t W_x (p_v * p_t)``, ``f = LN(z + MLP(z))``.
    Without gates (an arm to compare with) the present modalities weigh the same.
    """

    def __init__(self, dim: int, *, gated: bool = True) -> None:
        super().__init__()
        self.gated = gated
        if gated:
            self.weigh = nn.Linear(2 * dim + 2, 2)
        self.interact = nn.Linear(dim, dim, bias=False)
        self.widen = nn.Linear(dim, 2 * dim)
        self.activate = nn.GELU()
        self.narrow = nn.Linear(2 * dim, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, pooled: Tensor, presence: Tensor) -> tuple[Tensor, Tensor]:
        """Fuse pooled [B, 2, D] (image, text; zeros where absent) under presence [B, 2] bool.

        Returns:
            Unit vectors [B, D] and modality gates [B, 2], both at least float32.
        """
        r = presence.to(pooled.dtype)
        flat = torch.cat([pooled.flatten(1), r], dim=-1)
        logits = self.weigh(flat) if self.gated else torch.zeros_like(r)
        gates = _full(logits).masked_fill(~presence, float("-inf")).softmax(dim=-1)
        p_v, p_t = pooled.unbind(dim=1)
        both = (r[:, 0] * r[:, 1])[:, None]
        z = torch.einsum("bm,bmd->bd", gates.to(pooled.dtype), pooled)
        z = z + both * self.interact(p_v * p_t)
        z = z + self.narrow(self.activate(self.widen(z)))
        return F.normalize(_full(self.norm(z)), dim=-1), gates


class GatedFusion(nn.Module):
    """Gated layers, one attention pool per stream, one head: streams of tokens to vectors."""

    def __init__(self, config: UniECSConfig, *, gated: bool = True) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            FusionLayer(config, gated=gated) for _ in range(config.fusion_layers)
        )
        self.pool_image = AttentionPool(config.fusion_dim, config.dim)
        self.pool_text = AttentionPool(config.fusion_dim, config.dim)
        self.head = GatedHead(config.dim, gated=gated)

    def forward(self, image: Stream, text: Stream, batch: int) -> tuple[Tensor, Tensor]:
        """Fuse two streams, either of which may have no rows, into ``batch`` rows.

        Returns:
            Unit vectors [B, dim] and modality weights [B, 2] (image, text).
        """
        shared = Shared.of(image, text, batch)
        for layer in self.layers:
            image, text = layer(image, text, shared)
        image_pool, text_pool = self.pool_image(image), self.pool_text(text)
        pooled = image_pool.new_zeros(batch, 2, image_pool.shape[-1])
        presence = torch.zeros(batch, 2, dtype=torch.bool, device=pooled.device)
        for column, (stream, pool) in enumerate(((image, image_pool), (text, text_pool))):
            where = (stream.rows, torch.full_like(stream.rows, column))
            pooled = pooled.index_put(where, pool.to(pooled.dtype))
            presence[where] = True
        vectors, gates = self.head(pooled, presence)
        return vectors, gates


def _full(x: Tensor) -> Tensor:
    """At least float32: vectors and gates leave the encoder at full precision."""
    return x if x.dtype == torch.float64 else x.float()
