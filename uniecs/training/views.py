"""The views of some entries: each tower once per entry, all views stacked in one fusion.

Both are done twice where that spares padding: for short texts, and for long ones.
"""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.encoder.fusion import Stream
from uniecs.encoder.lengths import read_together
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.losses.views import View
from uniecs.training.batches import Inputs

Entries = dict[Presence, View]
"""Views by presence; ``places`` are entries of the plan."""


def entry_views(model: UniECSModel, processor: UniECSProcessor, inputs: Inputs) -> Entries:
    """All views of the entries, [n, dim] each."""
    device = model.device
    image = None
    if len(inputs.image_rows):
        image = _image_tokens(model, processor, inputs.pixels.to(device))
    stacked = _Stacked.of(inputs)
    places: list[Tensor] = []
    vectors: list[Tensor] = []
    if len(shown := stacked.without_text()):
        places.append(shown)
        vectors.append(_fuse(model, stacked, shown, image))
    for texts, length in read_together(model, inputs.attention_mask):
        ids = inputs.input_ids[texts, :length].to(device)
        mask = inputs.attention_mask[texts, :length].to(device)
        tokens = _text_tokens(model, ids, mask)
        if len(shown := stacked.with_text(texts)):
            places.append(shown)
            vectors.append(_fuse(model, stacked, shown, image, _Texts(texts, tokens, mask.bool())))
    if not vectors:
        return {}
    order = torch.cat(places).argsort().to(device)
    return _by_view(torch.cat(vectors).index_select(0, order), inputs)


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


@dataclass(frozen=True)
class _Stacked:
    """The rows of all views, in the order of VIEWS.

    Attributes:
        image: [R] place of a row's picture among the inputs' pictures, -1 where it shows none.
        text: [R] place of its text among their texts, -1 where it shows none.
    """

    image: Tensor
    text: Tensor

    @classmethod
    def of(cls, inputs: Inputs) -> Self:
        """The rows of some inputs."""
        none = torch.zeros(0, dtype=torch.long)
        images, texts = [none], [none]
        for view in VIEWS:
            if (rows := inputs.view_rows.get(view)) is None:
                continue
            shows = inputs.fused if view is Presence.BOTH else torch.full_like(rows, int(view))
            with_image = (shows & int(Presence.IMAGE)) > 0
            with_text = (shows & int(Presence.TEXT)) > 0
            images.append(torch.where(with_image, torch.searchsorted(inputs.image_rows, rows), -1))
            texts.append(torch.where(with_text, torch.searchsorted(inputs.text_rows, rows), -1))
        return cls(torch.cat(images), torch.cat(texts))

    def without_text(self) -> Tensor:
        """Rows of pictures alone, ascending."""
        return (self.text < 0).nonzero()[:, 0]

    def with_text(self, texts: Tensor) -> Tensor:
        """Rows that show one of these texts, ascending."""
        return torch.isin(self.text, texts).nonzero()[:, 0]


@dataclass(frozen=True)
class _Texts:
    """Texts that were read together.

    Attributes:
        places: [n] their places among the inputs' texts, ascending.
        tokens: [n, L, width].
        mask: [n, L] bool, True where the token is valid.
    """

    places: Tensor
    tokens: Tensor
    mask: Tensor


def _fuse(
    model: UniECSModel,
    stacked: _Stacked,
    shown: Tensor,
    image: Tensor | None,
    texts: _Texts | None = None,
) -> Tensor:
    """Vectors [n, dim] of the stacked rows ``shown``, whose texts are among ``texts``."""
    device = model.device
    image_stream = text_stream = None
    pictures = stacked.image[shown]
    if image is not None and len(rows := (pictures >= 0).nonzero()[:, 0]):
        image_stream = Stream(image.index_select(0, pictures[rows].to(device)), rows.to(device))
    if texts is not None:
        picked = torch.searchsorted(texts.places, stacked.text[shown]).to(device)
        every = torch.arange(len(shown), device=device)
        text_stream = Stream(texts.tokens.index_select(0, picked), every, texts.mask[picked])
    vectors = model.fuse(image_stream, text_stream, len(shown)).vectors
    if vectors is None:
        raise RuntimeError("the model returned no vectors")
    return vectors


def _by_view(vectors: Tensor, inputs: Inputs) -> Entries:
    """Cut the vectors of stacked rows into views."""
    found: Entries = {}
    start = 0
    for view in VIEWS:
        if (rows := inputs.view_rows.get(view)) is not None:
            found[view] = View(vectors[start : start + len(rows)], rows.to(vectors.device))
            start += len(rows)
    return found
