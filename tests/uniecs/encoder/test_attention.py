"""Attention says what torch's own says, in every precision, with any mask, alone and in towers."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import (
    BertConfig,
    CLIPTextConfig,
    CLIPVisionConfig,
    PreTrainedConfig,
    SiglipVisionConfig,
    ViTConfig,
)

from uniecs.encoder.attention import SHORT, attention, products
from uniecs.encoder.towers import build_tower

TINY = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}


def given(dtype: torch.dtype, keys: int = 7) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(3, 2, n, 8, generator=generator) for n in (5, keys, keys))
    mask = torch.rand(3, 1, 1, keys, generator=generator) < 0.7
    mask[..., 0] = True
    return q.to(dtype), k.to(dtype), v.to(dtype), mask


@pytest.mark.parametrize("kind", ["none", "bool", "added"])
def test_products_are_torch_attention(kind: str) -> None:
    q, k, v, allowed = given(torch.float64)
    added = torch.zeros(allowed.shape, dtype=torch.float64).masked_fill(~allowed, float("-inf"))
    mask = {"none": None, "bool": allowed, "added": added}[kind]

    found = products(q, k, v, mask, scale=0.3)

    torch.testing.assert_close(found, F.scaled_dot_product_attention(q, k, v, mask, scale=0.3))
    default = F.scaled_dot_product_attention(q, k, v, mask)
    torch.testing.assert_close(products(q, k, v, mask), default)


@pytest.mark.parametrize("keys", [7, SHORT + 1])
@pytest.mark.parametrize("autocast", [False, True])
def test_bfloat16_is_float32_but_for_rounding(autocast: bool, keys: int) -> None:
    q, k, v, mask = given(torch.bfloat16, keys)
    q.requires_grad_()
    exact_q = q.detach().float().requires_grad_()

    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        found = attention(q, k, v, mask)
    found.float().square().sum().backward()
    exact = F.scaled_dot_product_attention(exact_q, k.float(), v.float(), attn_mask=mask)
    exact.square().sum().backward()

    assert found.dtype is torch.bfloat16
    torch.testing.assert_close(found.float(), exact, atol=0.02, rtol=0.02)
    assert q.grad is not None
    assert exact_q.grad is not None
    assert F.cosine_similarity(q.grad.float().flatten(), exact_q.grad.flatten(), dim=0) > 0.999


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_other_precisions_stay_what_they_are(dtype: torch.dtype) -> None:
    q, k, v, mask = given(dtype)

    found = attention(q, k, v, mask)

    assert torch.equal(found, F.scaled_dot_product_attention(q, k, v, attn_mask=mask))


@pytest.mark.parametrize("way", [products, attention])
def test_a_row_that_may_look_at_nothing_is_finite(way: type[products]) -> None:
    q, k, v, mask = given(torch.bfloat16)
    mask[1] = False

    assert way(q, k, v, mask).isfinite().all()


def test_dropped_weights_carry_nothing() -> None:
    q, k, v, mask = given(torch.bfloat16)

    assert not attention(q, k, v, mask, dropout=1.0).any()


@pytest.mark.parametrize(
    "config",
    [
        CLIPTextConfig(**TINY, vocab_size=50, max_position_embeddings=12),
        BertConfig(**TINY, vocab_size=50, max_position_embeddings=12),
        CLIPVisionConfig(**TINY, image_size=16, patch_size=8),
        SiglipVisionConfig(**TINY, image_size=16, patch_size=8),
        ViTConfig(**TINY, image_size=16, patch_size=8),
    ],
    ids=lambda config: type(config).__name__,
)
@pytest.mark.parametrize("padded", [False, True])
def test_towers_in_bfloat16_see_what_they_see_in_float32(
    config: PreTrainedConfig, padded: bool
) -> None:
    """Causal masks, padding and none at all."""
    torch.manual_seed(0)
    tower = build_tower(config).eval()
    mask = torch.ones(3, 9, dtype=torch.long)
    if hasattr(config, "patch_size"):
        given = {"pixel_values": torch.randn(3, 3, 16, 16)}
    else:
        mask[1, 4:] = 0 if padded else 1
        given = {"input_ids": torch.randint(1, 50, (3, 9)), "attention_mask": mask}

    with torch.inference_mode():
        exact = tower(**given).last_hidden_state
        with torch.autocast("cpu", torch.bfloat16):
            found = tower(**given).last_hidden_state.float()

    valid = mask.bool() if "input_ids" in given else torch.ones(exact.shape[:2], dtype=torch.bool)
    assert F.cosine_similarity(found[valid], exact[valid], dim=-1).min() > 0.999
