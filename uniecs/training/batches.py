"""From pairs to tensors: what is encoded, and what is right between queries and candidates."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Generator, Tensor

from uniecs.catalog.pairs import Pair, Side
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.catalog.relations import Relations
from uniecs.catalog.schema import Product
from uniecs.encoder.processor import UniECSProcessor
from uniecs.losses.directions import Targets
from uniecs.training.pixels import PixelStore, augment


@dataclass(frozen=True)
class Batch:
    """One step's inputs: E entries, the queries first and then the candidates.

    Attributes:
        queries: Q, the number of queries; the other E - Q entries are candidates.
        pixels: [N_i, 3, H, W] uint8 of the entries with a picture.
        image_rows: [N_i] their entries, ascending.
        input_ids: [N_t, L] of the entries with a text, with mask [N_t, L].
        text_rows: [N_t] their entries, ascending.
        view_rows: Entries that each view is computed of.
        targets: What is right between queries and candidates.
    """

    queries: int
    pixels: Tensor
    image_rows: Tensor
    input_ids: Tensor
    attention_mask: Tensor
    text_rows: Tensor
    view_rows: dict[Presence, Tensor]
    targets: Targets


@dataclass
class Batcher:
    """Turns pairs into batches.

    Args:
        products: All products that pairs speak of.
        relations: Between them.
        word_dropout: Share of tokens that are hidden from the model.
    """

    products: Sequence[Product]
    relations: Relations
    pixels: PixelStore
    processor: UniECSProcessor
    word_dropout: float = 0.0
    _ids: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self._ids = self.relations.row

    def batch(self, pairs: Sequence[Pair], generator: Generator) -> Batch:
        """The batch of some pairs; products that must not be answered join as candidates."""
        candidates = [pair.candidate for pair in pairs] + self._refused(pairs)
        entries = [pair.query for pair in pairs] + candidates
        presence = [self._presence(side) for side in entries]
        image_rows = [row for row, p in enumerate(presence) if Presence.IMAGE in p]
        text_rows = [row for row, p in enumerate(presence) if Presence.TEXT in p]
        ids, mask = self._tokens([entries[row].text for row in text_rows], generator)
        return Batch(
            queries=len(pairs),
            pixels=self._pictures([entries[row] for row in image_rows], generator),
            image_rows=torch.tensor(image_rows, dtype=torch.long),
            input_ids=ids,
            attention_mask=mask,
            text_rows=torch.tensor(text_rows, dtype=torch.long),
            view_rows=self._view_rows(pairs, presence),
            targets=self._targets(pairs, candidates),
        )

    def _presence(self, side: Side) -> Presence:
        return Presence.of(text=side.text, image=side.image and side.image in self.pixels)

    def _refused(self, pairs: Sequence[Pair]) -> list[Side]:
        """Hard negatives: the product of a composed query's picture, as it is indexed."""
        sides = []
        for product_id in dict.fromkeys(pair.refuse for pair in pairs if pair.refuse):
            product = self.products[self._ids[product_id]]
            sides.append(Side(product_id, product.full_text, product.image or ""))
        return [side for side in sides if self._presence(side)]

    def _view_rows(self, pairs: Sequence[Pair], presence: list[Presence]) -> dict[Presence, Tensor]:
        """A composed query is only meant whole: neither its picture nor its words stand alone."""
        whole_only = {row for row, pair in enumerate(pairs) if pair.kind == "composed"}
        rows = {
            view: [
                row
                for row, has in enumerate(presence)
                if view in has and (view is Presence.BOTH or row not in whole_only)
            ]
            for view in VIEWS
        }
        return {view: torch.tensor(r, dtype=torch.long) for view, r in rows.items() if r}

    def _pictures(self, sides: Sequence[Side], generator: Generator) -> Tensor:
        if not sides:
            height, width = self.processor.image_size
            return torch.zeros(0, 3, height, width, dtype=torch.uint8)
        strong = torch.tensor([side.copy_seed is not None for side in sides])
        return augment(self.pixels.take([side.image for side in sides]), strong, generator)

    def _tokens(self, texts: list[str], generator: Generator) -> tuple[Tensor, Tensor]:
        if not texts:
            return torch.zeros(0, 1, dtype=torch.long), torch.zeros(0, 1, dtype=torch.long)
        ids, mask = self.processor.tokens(texts)
        if self.word_dropout:
            hidden = torch.rand(mask.shape, generator=generator) < self.word_dropout
            hidden[:, 0] = False  # the first token marks the start, and one must stay
            mask = mask.masked_fill(hidden, 0)
        return ids, mask

    def _targets(self, pairs: Sequence[Pair], candidates: Sequence[Side]) -> Targets:
        answer = self.relations.rows([pair.candidate.product_id for pair in pairs])
        column = self.relations.rows([side.product_id for side in candidates])
        planes = []
        for text_alone in (False, True):
            right = self.relations.positive_rows(answer, column, text_alone=text_alone)
            open_ = self.relations.masked_rows(answer, column, text_alone=text_alone)
            planes.append((right, open_))
        for row, pair in enumerate(pairs):
            if pair.answers:
                also = np.isin(column, self.relations.rows(sorted(pair.answers)))
                for right, _ in planes:
                    right[row] |= also
            if pair.refuse:
                wrong = column == self._ids[pair.refuse]
                for right, open_ in planes:
                    right[row] &= ~wrong
                    open_[row] &= ~wrong
        return Targets(
            positives=torch.from_numpy(np.stack([right for right, _ in planes])),
            excluded=torch.from_numpy(np.stack([open_ for _, open_ in planes])),
        )
