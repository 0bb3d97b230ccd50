"""float32 or bfloat16: whichever trains faster on this machine, measured."""

import time
from typing import Literal

import torch

from uniecs.encoder.model import UniECSModel

Precision = Literal["float32", "bfloat16"]

ADVANTAGE = 1.15
"""bfloat16 must be this much faster, or its rounding is not worth it."""


def faster_precision(model: UniECSModel, image_size: int, rows: int = 32) -> Precision:
    """Time forward and backward passes of both towers in both precisions; best of three each."""
    pixels = torch.zeros(rows, 3, image_size, image_size, device=model.device)
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    ids = torch.ones(rows, 32, dtype=torch.long, device=model.device)
    generator = torch.get_rng_state()
    seconds = {p: min(_pass(model, pixels, ids, p) for _ in range(3)) for p in (False, True)}
    model.zero_grad(set_to_none=True)
    torch.set_rng_state(generator)
    return "bfloat16" if seconds[False] > ADVANTAGE * seconds[True] else "float32"


def _pass(model: UniECSModel, pixels: torch.Tensor, ids: torch.Tensor, half: bool) -> float:
    frozen = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d) and m.training]
    for module in frozen:
        module.eval()  # running statistics must not see the probe
    start = time.perf_counter()
    with torch.autocast(pixels.device.type, torch.bfloat16, enabled=half):
        loss = model.image_tokens(pixels).sum()
        loss = loss + model.text_tokens(ids, torch.ones_like(ids)).sum()
    loss.backward()
    if pixels.is_cuda:
        torch.cuda.synchronize()
    elapsed = time.perf_counter() - start
    for module in frozen:
        module.train()
    return elapsed
