"""Scaled dot-product attention, by the way that this device computes fastest.

torch's fused kernel for CPUs is slow in bfloat16: at 64 rows of 37 tokens it takes 7 times as long,
forward and backward, as two products with a softmax between them, on a processor that has bfloat16
(``python -m benchmarks.attention``). In float32 neither is clearly ahead, and the fused kernel
needs less memory. On a GPU cuDNN makes a plan for every new shape, which takes longer than the
attention itself, and in training nearly every step has shapes of its own: it is not asked there.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.modeling_utils import AttentionInterface, PreTrainedModel

SHORT = 320
"""Keys up to which the weights [N, H, P, K] of the products may be kept for the backward pass."""

FOR_ANY_SHAPE = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
"""torch's kernels that need no plan for a shape."""

HAS_BFLOAT16: bool = torch.cpu._is_avx512_bf16_supported()  # noqa: SLF001 - no public name
"""Whether this processor computes bfloat16; where it does not, float32 is faster."""

NAME = "uniecs"
"""Of this attention, as transformers knows it."""

PROJECTIONS = ({"q_proj", "k_proj", "v_proj"}, {"query", "key", "value"})
"""What transformers calls the three layers that read one input."""

UNUSUAL = ("position_bias", "cache", "softcap")
"""What a tower may ask for that only transformers' own function does."""


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    scale: float | None = None,
    dropout: float = 0.0,
) -> Tensor:
    """[N, H, P, d] attends [N, H, K, d].

    Args:
        q: Queries.
        k: Keys.
        v: Values.
        mask: Broadcasts to [N, H, P, K]; True, or 0, where a key may be looked at. What a row
            without any such key gives is finite and means nothing.
        scale: Of the products; the root of d divides them by default.
        dropout: Share of the weights that are dropped.
    """
    if _is_slow_in_torch(q):
        if HAS_BFLOAT16 and k.shape[-2] <= SHORT:
            return products(q, k, v, mask, scale=scale, dropout=dropout)
        with torch.autocast("cpu", enabled=False):
            wide = attention(q.float(), k.float(), v.float(), mask, scale=scale, dropout=dropout)
        return wide.to(q.dtype)
    with _kernels(q):
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, dropout_p=dropout, scale=scale
        )


def products(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    scale: float | None = None,
    dropout: float = 0.0,
) -> Tensor:
    """``attention`` by two products and a softmax in the precision of q; it keeps [N, H, P, K]."""
    with torch.autocast("cpu", enabled=False):
        scores = torch.matmul(q * (q.shape[-1] ** -0.5 if scale is None else scale), k.mT)
        if mask is not None and mask.dtype is torch.bool:
            scores.masked_fill_(~mask, torch.finfo(scores.dtype).min)
        elif mask is not None:
            scores += mask.to(scores.dtype)
        return torch.matmul(F.dropout(scores.softmax(dim=-1), dropout), v)


def use_fast_attention(tower: PreTrainedModel) -> None:
    """Have a transformers tower attend by ``attention``; one with attention of its own keeps it.

    Under autocast its three projections would each cast their common input, and keep the copy.
    """
    if tower.config._attn_implementation == "sdpa":  # noqa: SLF001 - the only place that says it
        tower.set_attn_implementation(NAME)
    for module in tower.modules():
        names = {name for name, _ in module.named_children()}
        if any(three <= names for three in PROJECTIONS):
            module.register_forward_pre_hook(_cast_once, with_kwargs=True)


def _cast_once(
    _module: nn.Module, given: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Cast the hidden states as autocast would, before several layers do."""
    if given:
        return (_cast(given[0]), *given[1:]), named
    return given, {**named, "hidden_states": _cast(named["hidden_states"])}


def _cast(hidden: Tensor) -> Tensor:
    kind = hidden.device.type
    if not torch.is_autocast_enabled(kind) or hidden.dtype is not torch.float32:
        return hidden
    return hidden.to(torch.get_autocast_dtype(kind))


def _kernels(q: Tensor) -> AbstractContextManager[object]:
    return sdpa_kernel(FOR_ANY_SHAPE) if q.is_cuda else nullcontext()


def _is_slow_in_torch(q: Tensor) -> bool:
    """Whether torch's kernel is to be avoided; a graph that is traced keeps it."""
    if q.device.type != "cpu" or q.dtype is not torch.bfloat16:
        return False
    return not torch.compiler.is_compiling()


def _tower_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **more: Any,
) -> tuple[Tensor, None]:
    """As transformers calls it: heads come as [N, H, P, d] and leave as [N, P, H, d]."""
    plain = key.shape[1] == query.shape[1] and all(more.get(name) is None for name in UNUSUAL)
    if not plain or not _is_slow_in_torch(query):
        with _kernels(query):
            return sdpa_attention_forward(
                module, query, key, value, attention_mask, dropout, scaling, is_causal, **more
            )
    causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    if attention_mask is None and causal and query.shape[2] > 1:
        size = (query.shape[2], key.shape[2])
        attention_mask = torch.ones(size, dtype=torch.bool, device=query.device).tril()
    attended = attention(query, key, value, attention_mask, scale=scaling, dropout=dropout)
    return attended.transpose(1, 2).contiguous(), None


AttentionInterface.register(NAME, _tower_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
