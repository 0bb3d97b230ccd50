"""What every arm's training step shares: the same inputs, optimizer, clipping and FLOP count."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

from benchmarks.speed.inputs import Inputs
from benchmarks.speed.sizes import CONTEXT, Size
from benchmarks.speed.towers import clip_tokenizer

MEAN = (0.48145466, 0.4578275, 0.40821073)
ATTENTION = "_scaled_dot_product_flash_attention_for_cpu"
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


def pictures(inputs: Inputs, size: Size, batch: int) -> Tensor:
    """[batch, 3, S, S] uint8."""
    side = (size.image_size, size.image_size)
    resized = [np.asarray(picture.resize(side)) for picture in inputs.pictures(batch)]
    return torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2).contiguous()


def normalised(pixels: Tensor) -> Tensor:
    """[N, 3, S, S] uint8 to float32 as CLIP's towers expect it."""
    mean, deviation = (torch.tensor(values)[:, None, None] for values in (MEAN, DEVIATION))
    return (pixels.float() / 255 - mean) / deviation


def tokens(inputs: Inputs, batch: int) -> tuple[Tensor, Tensor]:
    """Ids and mask [batch, L] of product texts, padded to the longest."""
    whole = inputs.texts[1::2]  # titles with descriptions
    texts = [whole[n % len(whole)] for n in range(batch)]
    encoded = clip_tokenizer(inputs)(
        texts, padding=True, truncation=True, max_length=CONTEXT, return_tensors="pt"
    )
    return encoded["input_ids"], encoded["attention_mask"]


def peer_optimizer(parameters: Iterable[nn.Parameter]) -> torch.optim.AdamW:
    """AdamW as our trainer sets it up: no decay on 1-D parameters."""
    trained = [p for p in parameters if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": 0.05},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=1e-4, betas=(0.9, 0.98), eps=1e-6)


def update(model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Clip and step, as our trainer does, and drop the gradients."""
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def count_flops(step: Callable[[], None]) -> int:
    """Floating-point operations of one step's products, forward and backward.

    The attention kernel of CPUs is unknown to torch's counter, so its formulas are named here.
    """
    kernels = {ATTENTION: _attention, f"{ATTENTION}_backward": _attention_backward}
    formulas: dict[Any, Any] = {getattr(torch.ops.aten, name): f for name, f in kernels.items()}
    with FlopCounterMode(display=False, custom_mapping=formulas) as counter:
        step()
    return int(counter.get_total_flops())


def _attention(query: Any, key: Any, value: Any, *_args: Any, **_kwargs: Any) -> int:
    return int(sdpa_flop_count(query, key, value))


def _attention_backward(
    gradient: Any, query: Any, key: Any, value: Any, *_args: Any, **_kwargs: Any
) -> int:
    return int(sdpa_backward_flop_count(gradient, query, key, value))
