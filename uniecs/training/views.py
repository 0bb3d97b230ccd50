"""The views of a batch in one pass: each tower once per entry, one stacked fusion of all views."""

import torch
from torch import Tensor

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.fusion import Stream
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.losses.directions import View
from uniecs.training.batches import Batch


def batch_views(
    model: UniECSModel, processor: UniECSProcessor, batch: Batch
) -> tuple[dict[Presence, View], dict[Presence, View]]:
    """Views of the queries and of the candidates."""
    device = model.device
    image = text = None
    if len(batch.image_rows):
        pixels = processor.normalise(batch.pixels.to(device))
        image = model.image_tokens(pixels.contiguous(memory_format=torch.channels_last))
    if len(batch.text_rows):
        text = model.text_tokens(batch.input_ids.to(device), batch.attention_mask.to(device))
    vectors = _fuse_views(model, batch, image, text)
    queries, candidates = {}, {}
    start = 0
    for view in VIEWS:
        rows = batch.view_rows.get(view)
        if rows is None:
            continue
        rows = rows.to(device)
        part = vectors[start : start + len(rows)]
        start += len(rows)
        asked = int((rows < batch.queries).sum())  # rows ascend, so the queries come first
        if asked:
            queries[view] = View(part[:asked], rows[:asked])
        if asked < len(rows):
            candidates[view] = View(part[asked:], rows[asked:] - batch.queries)
    return queries, candidates


def _fuse_views(
    model: UniECSModel, batch: Batch, image: Tensor | None, text: Tensor | None
) -> Tensor:
    """Vectors of all views, stacked along the batch axis in the order of VIEWS."""
    total = 0
    image_places: list[Tensor] = []
    text_places: list[Tensor] = []
    image_entries: list[Tensor] = []
    text_entries: list[Tensor] = []
    for view in VIEWS:
        rows = batch.view_rows.get(view)
        if rows is None:
            continue
        places = torch.arange(total, total + len(rows))
        if Presence.IMAGE in view:
            image_places.append(places)
            image_entries.append(torch.searchsorted(batch.image_rows, rows))
        if Presence.TEXT in view:
            text_places.append(places)
            text_entries.append(torch.searchsorted(batch.text_rows, rows))
        total += len(rows)
    device = model.device
    image_stream = text_stream = None
    if image is not None:
        picked = torch.cat(image_entries).to(device)
        image_stream = Stream(image.index_select(0, picked), torch.cat(image_places).to(device))
    if text is not None:
        picked = torch.cat(text_entries).to(device)
        mask = batch.attention_mask.to(device).bool()[picked]
        text_stream = Stream(text.index_select(0, picked), torch.cat(text_places).to(device), mask)
    vectors = model.fuse(image_stream, text_stream, total).vectors
    if vectors is None:
        raise RuntimeError("the model returned no vectors")
    return vectors
