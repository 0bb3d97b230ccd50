"""float32 or bfloat16: whichever trains faster on this machine, measured."""

import time
from collections.abc import Callable
from typing import Literal

import torch

from uniecs.encoder.model import UniECSModel

Precision = Literal["float32", "bfloat16"]

ADVANTAGE = 1.15
"""bfloat16 must be this much faster, or its rounding is not worth it."""


def faster_precision(model: UniECSModel, image_size: int, rows: int = 32) -> Precision:
    """Time forward and backward passes of both towers in both precisions; best of three each.

    Of frozen towers, what stands behind them is timed: they have no part in a step.
    """
    pixels = torch.zeros(rows, 3, image_size, image_size, device=model.device)
    pixels = pixels.contiguous(memory_format=torch.channels_last)
    ids = torch.ones(rows, 32, dtype=torch.long, device=model.device)
    generator = torch.get_rng_state()
    towers = _towers(model, pixels, ids)
    seconds = {p: min(_pass(model, towers, p) for _ in range(3)) for p in (False, True)}
    model.zero_grad(set_to_none=True)
    torch.set_rng_state(generator)
    return "bfloat16" if seconds[False] > ADVANTAGE * seconds[True] else "float32"


def _towers(
    model: UniECSModel, pixels: torch.Tensor, ids: torch.Tensor
) -> Callable[[], torch.Tensor]:
    mask = torch.ones_like(ids)
    if not model.config.adapters:
        return lambda: model.image_tokens(pixels).sum() + model.text_tokens(ids, mask).sum()
    with torch.no_grad():
        seen, read = model.image_states(pixels), model.text_states(ids, mask)
    return lambda: model.image_tokens_of(seen).sum() + model.text_tokens_of(read).sum()


def _pass(model: UniECSModel, towers: Callable[[], torch.Tensor], half: bool) -> float:
    frozen = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d) and m.training]
    for module in frozen:
        module.eval()  # running statistics must not see the probe
    start = time.perf_counter()
    with torch.autocast(model.device.type, torch.bfloat16, enabled=half):
        loss = towers()
    loss.backward()
    if model.device.type == "cuda":
        torch.cuda.synchronize()
    elapsed = time.perf_counter() - start
    for module in frozen:
        module.train()
    return elapsed
