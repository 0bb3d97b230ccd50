"""The views of some entries in one pass: each tower once per entry, one stacked fusion."""

import torch
from torch import Tensor

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.fusion import Stream
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.losses.directions import View
from uniecs.training.batches import Inputs

Entries = dict[Presence, View]
"""Views by presence; ``places`` are entries of the plan."""


def entry_views(model: UniECSModel, processor: UniECSProcessor, inputs: Inputs) -> Entries:
    """All views of the entries, [n, dim] each."""
    device = model.device
    image = text = None
    if len(inputs.image_rows):
        image = _image_tokens(model, processor, inputs.pixels.to(device))
    if len(inputs.text_rows):
        mask = inputs.attention_mask.to(device)
        text = _text_tokens(model, inputs.input_ids.to(device), mask)
    if not inputs.view_rows:
        return {}
    vectors = _fuse_views(model, inputs, image, text)
    found: Entries = {}
    start = 0
    for view in VIEWS:
        if (rows := inputs.view_rows.get(view)) is not None:
            found[view] = View(vectors[start : start + len(rows)], rows.to(device))
            start += len(rows)
    return found


def two_sides(entries: Entries, queries: int) -> tuple[Entries, Entries]:
    """Split views into those of the queries and those of the candidates."""
    asked: Entries = {}
    answering: Entries = {}
    for view, found in entries.items():
        count = int((found.places < queries).sum())  # places ascend, so the queries come first
        if count:
            asked[view] = View(found.vectors[:count], found.places[:count])
        if count < len(found.places):
            answering[view] = View(found.vectors[count:], found.places[count:] - queries)
    return asked, answering


def _image_tokens(model: UniECSModel, processor: UniECSProcessor, pixels: Tensor) -> Tensor:
    if pixels.dtype == torch.float16:
        return model.image_tokens_of(pixels.to(model.dtype))
    normal = processor.normalise(pixels).to(model.dtype)
    return model.image_tokens(normal.contiguous(memory_format=torch.channels_last))


def _text_tokens(model: UniECSModel, ids: Tensor, mask: Tensor) -> Tensor:
    if ids.dtype == torch.float16:
        return model.text_tokens_of(ids.to(model.dtype))
    return model.text_tokens(ids, mask)


def _fuse_views(
    model: UniECSModel, inputs: Inputs, image: Tensor | None, text: Tensor | None
) -> Tensor:
    """Vectors of all views, stacked along the batch axis in the order of VIEWS."""
    total = 0
    image_places: list[Tensor] = []
    text_places: list[Tensor] = []
    image_entries: list[Tensor] = []
    text_entries: list[Tensor] = []
    for view in VIEWS:
        rows = inputs.view_rows.get(view)
        if rows is None:
            continue
        shows = inputs.fused if view is Presence.BOTH else torch.full_like(rows, int(view))
        with_image = (shows & int(Presence.IMAGE)).nonzero()[:, 0]
        with_text = (shows & int(Presence.TEXT)).nonzero()[:, 0]
        image_places.append(total + with_image)
        image_entries.append(torch.searchsorted(inputs.image_rows, rows[with_image]))
        text_places.append(total + with_text)
        text_entries.append(torch.searchsorted(inputs.text_rows, rows[with_text]))
        total += len(rows)
    device = model.device
    image_stream = text_stream = None
    if image is not None:
        picked = torch.cat(image_entries).to(device)
        image_stream = Stream(image.index_select(0, picked), torch.cat(image_places).to(device))
    if text is not None:
        picked = torch.cat(text_entries).to(device)
        mask = inputs.attention_mask.to(device).bool()[picked]
        text_stream = Stream(text.index_select(0, picked), torch.cat(text_places).to(device), mask)
    vectors = model.fuse(image_stream, text_stream, total).vectors
    if vectors is None:
        raise RuntimeError("the model returned no vectors")
    return vectors
