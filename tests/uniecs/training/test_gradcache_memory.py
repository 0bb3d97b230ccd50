"""A batch of 1,024 entries needs the memory of one chunk of 64 (GradCache).

Entries stand queries first, so that a chunk may hold 64 candidates, whose texts are whole and whose
pictures are all there: it needs up to half more than a batch of 32 queries and 32 candidates.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from tests.uniecs.training.conftest import Parts, chunks_of, pixels_of
from uniecs.encoder.build import build_encoder
from uniecs.losses.config import LossConfig
from uniecs.losses.objective import build_objective
from uniecs.training.batches import Inputs
from uniecs.training.config import preset
from uniecs.training.step import backward
from uniecs.training.views import Entries, entry_views

CHUNK = 64


@pytest.mark.slow
def test_a_thousand_entries_need_the_memory_of_sixty_four(
    parts: Parts, tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = preset("small").encoder
    texts = [text for p in parts.training.products for text in (p.title, p.details) if text]
    model, processor = build_encoder(config, texts, seed=0)
    objective = build_objective(LossConfig())
    pixels = pixels_of(parts.catalog, processor, tmp_path_factory.mktemp("larger"))
    batcher = replace(parts, pixels=pixels, processor=processor).batcher()

    def encode(inputs: Inputs) -> Entries:
        return entry_views(model, processor, inputs)

    def step(entries: int) -> int:
        pairs = (parts.pairs * entries)[: entries // 2]
        plan = batcher.plan(pairs, torch.Generator().manual_seed(0))
        chunks = chunks_of(batcher, plan, CHUNK)
        for weight in model.parameters():  # gradients are there in both, and not what is counted
            weight.grad = torch.zeros_like(weight)
        return peak_bytes(lambda: backward(model, encode, objective, plan, chunks))

    step(CHUNK)  # what is built once
    at_once, two_chunks, sixteen_chunks = step(CHUNK), step(2 * CHUNK), step(1024)

    assert at_once > 100e6
    assert sixteen_chunks < 1.15 * two_chunks, f"{sixteen_chunks / 1e6:.0f}, {two_chunks / 1e6:.0f}"
    assert sixteen_chunks < 1.5 * at_once, f"{sixteen_chunks / 1e6:.0f}, {at_once / 1e6:.0f} MB"


def peak_bytes(action: Callable[[], object]) -> int:
    """Most bytes of tensors that were allocated at one time during ``action``."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as profiler:
        action()
    changes = sorted(
        (event.start_ns(), event.nbytes())
        for event in profiler.profiler.kineto_results.events()
        if event.name() == "[memory]"
    )
    held = peak = 0
    for _, change in changes:
        held += change
        peak = max(peak, held)
    return peak
