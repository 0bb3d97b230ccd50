"""Views of a batch, and how little padding they are computed with."""

import torch

from tests.uniecs.training.conftest import TINY, VIT, Parts
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.build import build_encoder
from uniecs.encoder.lengths import short_and_long
from uniecs.training.batches import Inputs
from uniecs.training.config import preset
from uniecs.training.views import entry_views


def test_views_are_what_the_model_says_of_each_row_alone(parts: Parts) -> None:
    batcher = parts.batcher(words=0, modality=0.3)
    generator = torch.Generator().manual_seed(5)
    plan = batcher.plan([*parts.pairs[:30], *parts.pairs[-30:]], generator)
    inputs = batcher.inputs(plan)
    model = parts.build().eval()
    assert len(short_and_long(inputs.attention_mask)) == 2

    with torch.inference_mode():
        views = entry_views(model, parts.processor, inputs)
        for view in VIEWS:
            for vector, row in zip(views[view].vectors, views[view].places.tolist(), strict=True):
                shows = plan.fused[row] if view is Presence.BOTH else view
                alone = one_row(parts, model, inputs, row, shows)
                assert torch.allclose(vector, alone, atol=1e-10), (view, row)


def test_a_model_that_reads_padding_gets_all_of_it(parts: Parts) -> None:
    batcher = parts.batcher(words=0, modality=0)
    plan = batcher.plan(parts.pairs[:30], torch.Generator().manual_seed(5))
    inputs = batcher.inputs(plan)
    assert len(short_and_long(inputs.attention_mask)) == 2
    texts = [text for p in parts.training.products for text in (p.title, p.details) if text]
    encoder = preset("small", [VIT, *TINY, "encoder.fusion=released"]).encoder
    model, _ = build_encoder(encoder, texts, seed=0)
    model = model.double().eval()

    with torch.inference_mode():
        view = entry_views(model, parts.processor, inputs)[Presence.TEXT]
        whole = model(input_ids=inputs.input_ids, attention_mask=inputs.attention_mask).vectors

    places = torch.searchsorted(inputs.text_rows, view.places)
    assert torch.allclose(view.vectors, whole[places], atol=1e-10)


def one_row(
    parts: Parts, model: torch.nn.Module, inputs: Inputs, row: int, shows: Presence
) -> torch.Tensor:
    given: dict[str, torch.Tensor] = {}
    if Presence.IMAGE in shows:
        pixels = inputs.pixels[(inputs.image_rows == row).nonzero()[:, 0]]
        given["pixel_values"] = parts.processor.normalise(pixels).double()
    if Presence.TEXT in shows:
        text = (inputs.text_rows == row).nonzero()[:, 0]
        mask = inputs.attention_mask[text]
        length = int(mask.sum())
        given |= {"input_ids": inputs.input_ids[text, :length], "attention_mask": mask[:, :length]}
    vector: torch.Tensor = model(**given).vectors[0]
    return vector
