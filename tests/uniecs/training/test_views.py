"""Views of a batch, and how little padding they are computed with."""

from random import Random

import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.uniecs.training.conftest import TINY, VIT, Parts
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.build import build_encoder
from uniecs.training.batches import Inputs
from uniecs.training.config import preset
from uniecs.training.views import entry_views, short_and_long


def masks(lengths: list[int]) -> torch.Tensor:
    return (torch.arange(max(lengths, default=1)) < torch.tensor(lengths)[:, None]).long()


@given(st.lists(st.integers(1, 40), max_size=30), st.randoms(use_true_random=False))
def test_every_text_is_in_one_lot_that_holds_it_and_no_cut_computes_less(
    lengths: list[int], random: Random
) -> None:
    mask = masks(lengths) if lengths else torch.zeros(0, 1, dtype=torch.long)
    for row, length in enumerate(lengths):
        mask[row, random.randrange(length) if length > 1 else 0] = int(length == 1)  # hidden words
    true = [int(row.nonzero().max()) + 1 for row in mask]

    lots = short_and_long(mask)

    assert sorted(row for rows, _ in lots for row in rows.tolist()) == list(range(len(lengths)))
    assert all(true[row] <= length for rows, length in lots for row in rows.tolist())
    computed = sum(len(rows) * length for rows, length in lots)
    for cut in true:
        short = [length for length in true if length <= cut]
        assert computed <= len(short) * cut + (len(true) - len(short)) * max(true)


def test_titles_beside_descriptions_are_two_lots() -> None:
    lots = short_and_long(masks([5, 64, 4, 64, 6]))

    assert [(rows.tolist(), length) for rows, length in lots] == [([0, 2, 4], 6), ([1, 3], 64)]


def test_texts_of_one_length_are_one_lot() -> None:
    lots = short_and_long(masks([7, 7, 7]))

    assert [(rows.tolist(), length) for rows, length in lots] == [([0, 1, 2], 7)]


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
