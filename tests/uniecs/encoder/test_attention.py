"""Attention in bfloat16 is that of float32, rounded; every other precision is torch's own."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from uniecs.encoder.attention import attention


def given(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(3, 2, n, 8, generator=generator) for n in (5, 7, 7))
    mask = torch.rand(3, 1, 1, 7, generator=generator) < 0.7
    mask[..., 0] = True
    return q.to(dtype), k.to(dtype), v.to(dtype), mask


@pytest.mark.parametrize("autocast", [False, True])
def test_bfloat16_is_float32_rounded(autocast: bool) -> None:
    q, k, v, mask = given(torch.bfloat16)
    q.requires_grad_()

    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        found = attention(q, k, v, mask)
    found.float().sum().backward()

    exact = F.scaled_dot_product_attention(q.float(), k.float(), v.float(), attn_mask=mask)
    assert found.dtype is torch.bfloat16
    assert torch.equal(found, exact.bfloat16())
    assert q.grad is not None
    assert q.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_other_precisions_stay_what_they_are(dtype: torch.dtype) -> None:
    q, k, v, mask = given(dtype)

    found = attention(q, k, v, mask)

    assert torch.equal(found, F.scaled_dot_product_attention(q, k, v, attn_mask=mask))
