"""Times passes of the towers on this machine."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from uniecs.encoder.model import UniECSModel
from uniecs.training.compute import Compute, Cost, towers_in
from uniecs.training.step import Random

ROWS = 64
"""Pictures, and texts, of a pass that is timed; of fewer, what each call costs hides the rest."""

TOKENS = 24
"""Of each text; other than ROWS, or the compiler takes the two to be the same in every batch."""


class Probe:
    """Times passes of both towers. Weights, running statistics and random states stay the same.

    Of frozen towers, what stands behind them is timed: they have no part in a step.

    Args:
        model: On its device.
        image_size: Side of its pictures.
    """

    def __init__(self, model: UniECSModel, image_size: int) -> None:
        self._model = model
        self._side = image_size

    def __call__(self, way: Compute) -> Cost:
        """Best of three passes; what the first two took beyond that is spent once."""
        with _unchanged(self._model), towers_in(self._model, way):
            tokens = min(TOKENS, self._model.config.max_text_tokens)
            whole, part = self._inputs(ROWS, tokens), self._inputs(ROWS // 2 + 1, tokens // 2)
            first = [_seconds(self._model, way, *given) for given in (whole, part)]
            each = min(_seconds(self._model, way, *whole) for _ in range(3))
        return Cost(each, max(0.0, sum(first) - 2 * each) if way.compiled else 0.0)

    def _inputs(self, rows: int, tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
        model = self._model
        pixels = torch.zeros(rows, 3, self._side, self._side, device=model.device)
        pixels = pixels.to(model.dtype).contiguous(memory_format=torch.channels_last)
        ids = torch.ones(rows, tokens, dtype=torch.long, device=model.device)
        if not model.config.adapters:
            return pixels, ids
        with torch.no_grad():
            return model.image_states(pixels), model.text_states(ids, torch.ones_like(ids))


def _seconds(model: UniECSModel, way: Compute, seen: torch.Tensor, read: torch.Tensor) -> float:
    start = time.perf_counter()
    with torch.autocast(model.device.type, torch.bfloat16, enabled=way.precision == "bfloat16"):
        if model.config.adapters:
            loss = model.image_tokens_of(seen).sum() + model.text_tokens_of(read).sum()
        else:
            mask = torch.ones_like(read)
            loss = model.image_tokens(seen).sum() + model.text_tokens(read, mask).sum()
    loss.backward()
    if model.device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


@contextmanager
def _unchanged(model: UniECSModel) -> Iterator[None]:
    """Train in here without a trace."""
    drawn, was_training = Random.now(), model.training
    buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        model.train()
        yield
    finally:
        model.train(was_training)
        model.zero_grad(set_to_none=True)
        for buffer, before in buffers:
            buffer.copy_(before)
        drawn.restore()
