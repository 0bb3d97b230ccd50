"""From pairs to tensors: what is encoded, and what is right between queries and candidates.

A *plan* says everything of a batch but its pixels and tokens; *inputs* are those of some of its
entries. So parts of one batch can be encoded one after the other, or by several processes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from uniecs.catalog.pairs import Pair, Side
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.catalog.relations import Relations
from uniecs.catalog.schema import Product
from uniecs.encoder.processor import UniECSProcessor
from uniecs.losses.views import Targets
from uniecs.training.near_duplicates import NearDuplicates
from uniecs.training.pixels import NOISE, PixelStore, augment
from uniecs.training.targets import targets_of


@dataclass(frozen=True)
class Plan:
    """One step: E entries, the queries first and then the candidates.

    Attributes:
        queries: Q, the number of queries; the other E - Q entries are candidates.
        sides: [E] what each entry is.
        presence: [E] modalities of each entry.
        fused: [E] modalities that the IT view of an entry shows in this step: one of two may drop
            out of it, while the I and T views stay whole.
        view_rows: Entries that each view is computed of, ascending.
        targets: What is right between queries and candidates.
        noise: [E, NOISE] randomness of each entry's picture.
        hidden: [E, L] tokens of each entry that are hidden from the model.
    """

    queries: int
    sides: list[Side]
    presence: list[Presence]
    fused: list[Presence]
    view_rows: dict[Presence, Tensor]
    targets: Targets
    noise: Tensor
    hidden: Tensor


@dataclass(frozen=True)
class Inputs:
    """Pixels and tokens of some entries of a plan.

    Attributes:
        pixels: [N_i, 3, H, W] uint8 of the entries with a picture; or what a frozen tower said of
            them, [N_i, P, widths] float16.
        image_rows: [N_i] their entries, ascending.
        input_ids: [N_t, L] of the entries with a text, with mask [N_t, L]; or what a frozen tower
            said of them, [N_t, L, widths] float16.
        text_rows: [N_t] their entries, ascending.
        view_rows: Those of the plan's that are among these entries.
        fused: [n] modalities (Presence) that the IT view shows, of the entries of that view.
    """

    pixels: Tensor
    image_rows: Tensor
    input_ids: Tensor
    attention_mask: Tensor
    text_rows: Tensor
    view_rows: dict[Presence, Tensor]
    fused: Tensor


@dataclass(frozen=True)
class Dropouts:
    """Shares of what is hidden in training.

    Attributes:
        words: Of the tokens.
        modality: Of each modality, from the IT view of a side that has both.
    """

    words: float = 0.0
    modality: float = 0.0


class Batcher:
    """Turns pairs into batches.

    Args:
        products: All products that pairs speak of.
        relations: Between them.
        pixels: Pictures of the run.
        processor: Of the model.
        dropouts: What is hidden.
        near: Products that are never each other's negatives.
        lookalikes: Product row -> row whose text beside the first one's picture, or picture beside
            its text, makes a listing that matches nothing.
        mismatched: Share of the pairs beside which such a listing stands as a candidate.
        device: Where pictures are cropped and re-lit: a GPU spares the CPU most of the work.
    """

    def __init__(
        self,
        products: Sequence[Product],
        relations: Relations,
        pixels: PixelStore,
        processor: UniECSProcessor,
        dropouts: Dropouts = Dropouts(),
        *,
        near: NearDuplicates | None = None,
        lookalikes: Mapping[int, int] | None = None,
        mismatched: float = 0.0,
        device: torch.device | str = "cpu",
    ) -> None:
        self.device = device
        self.products = products
        self.relations = relations
        self.pixels = pixels
        self.processor = processor
        self.dropouts = dropouts
        self.lookalikes = lookalikes or {}
        self.mismatched = mismatched if self.lookalikes else 0.0
        self.near = near or NearDuplicates(len(products))

    def plan(self, pairs: Sequence[Pair], generator: Generator) -> Plan:
        """Plan a step; products that must not be answered join as candidates."""
        mismatched = self._mismatched(pairs, generator)
        candidates = [pair.candidate for pair in pairs] + self._refused(pairs)
        candidates += [side for side, _ in mismatched]
        sides = [pair.query for pair in pairs] + candidates
        whole_only = {row for row, pair in enumerate(pairs) if pair.kind == "composed"}
        whole_only |= set(range(len(sides) - len(mismatched), len(sides)))
        presence = [self._presence(side) for side in sides]
        fused = self._fused(presence, whole_only, generator)
        return Plan(
            queries=len(pairs),
            sides=sides,
            presence=presence,
            fused=fused,
            view_rows=_view_rows(presence, whole_only),
            targets=targets_of(
                pairs,
                candidates,
                self.relations,
                self.near,
                fused=fused,
                own_halves=[half for _, half in mismatched],
            ),
            noise=torch.rand(len(sides), NOISE, generator=generator),
            hidden=self._hidden(len(sides), generator),
        )

    def inputs(self, plan: Plan, start: int = 0, stop: int | None = None) -> Inputs:
        """Pixels and tokens of the entries from ``start`` up to ``stop``."""
        entries = range(start, len(plan.sides) if stop is None else stop)
        image_rows = [row for row in entries if Presence.IMAGE in plan.presence[row]]
        text_rows = [row for row in entries if Presence.TEXT in plan.presence[row]]
        ids, mask = self._tokens(plan, text_rows)
        both = plan.view_rows.get(Presence.BOTH, torch.zeros(0, dtype=torch.long)).tolist()
        return Inputs(
            pixels=self._pictures(plan, image_rows),
            image_rows=torch.tensor(image_rows, dtype=torch.long),
            input_ids=ids,
            attention_mask=mask,
            text_rows=torch.tensor(text_rows, dtype=torch.long),
            view_rows={
                view: picked
                for view, rows in plan.view_rows.items()
                if len(picked := rows[(rows >= entries.start) & (rows < entries.stop)])
            },
            fused=torch.tensor([int(plan.fused[row]) for row in both if row in entries]),
        )

    def listings(self, rows: Sequence[int]) -> Inputs:
        """Whole listings as they are indexed, nothing hidden or changed; entries are positions."""
        products = [self.products[row] for row in rows]
        sides = [Side(p.product_id, p.full_text, p.image or "") for p in products]
        presence = [self._presence(side) for side in sides]
        image_rows = [row for row, has in enumerate(presence) if Presence.IMAGE in has]
        text_rows = [row for row, has in enumerate(presence) if Presence.TEXT in has]
        pixels = self._look([sides[row] for row in image_rows])
        ids, mask = self._read([sides[row].text for row in text_rows])
        whole = {
            view: torch.tensor([row for row, has in enumerate(presence) if has is view])
            for view in VIEWS
            if view in presence
        }
        both = torch.full((presence.count(Presence.BOTH),), int(Presence.BOTH))
        return Inputs(
            pixels, torch.tensor(image_rows), ids, mask, torch.tensor(text_rows), whole, both
        )

    def _presence(self, side: Side) -> Presence:
        return Presence.of(text=side.text, image=side.image and side.image in self.pixels)

    def _fused(
        self, presence: Sequence[Presence], whole_only: set[int], generator: Generator
    ) -> list[Presence]:
        """What each IT view shows; modality dropout takes one of two where both may go."""
        drawn = torch.rand(len(presence), 2, generator=generator) < self.dropouts.modality
        fused = []
        for row, (has, (no_image, no_text)) in enumerate(
            zip(presence, drawn.tolist(), strict=True)
        ):
            if has is Presence.BOTH and row not in whole_only and no_image != no_text:
                has = Presence.TEXT if no_image else Presence.IMAGE
            fused.append(has)
        return fused

    def _refused(self, pairs: Sequence[Pair]) -> list[Side]:
        """Hard negatives: the product of a composed query's picture, as it is indexed."""
        sides = []
        for product_id in dict.fromkeys(pair.refuse for pair in pairs if pair.refuse):
            product = self.products[self.relations.row[product_id]]
            sides.append(Side(product_id, product.full_text, product.image or ""))
        return [side for side in sides if self._presence(side)]

    def _mismatched(
        self, pairs: Sequence[Pair], generator: Generator
    ) -> list[tuple[Side, Presence]]:
        """Hard negatives: a listing of which one half, text or picture, is that of a look-alike.

        Beside the half that is its own: a query that shows no more cannot tell what is wrong.
        """
        if not self.mismatched:
            return []
        drawn = torch.rand(len(pairs), 2, generator=generator)
        sides = []
        for pair, (lot, half) in zip(pairs, drawn.tolist(), strict=True):
            side = pair.candidate
            row = self.relations.row[side.product_id]
            if lot >= self.mismatched or row not in self.lookalikes:
                continue
            own, other = self.products[row], self.products[self.lookalikes[row]]
            if half < 0.5:
                wrong = Side(side.product_id, other.full_text, own.image or "")
                sides.append((wrong, Presence.IMAGE))
            else:
                wrong = Side(side.product_id, own.full_text, other.image or "")
                sides.append((wrong, Presence.TEXT))
        return [found for found in sides if self._presence(found[0]) is Presence.BOTH]

    def _pictures(self, plan: Plan, rows: list[int]) -> Tensor:
        sides = [plan.sides[row] for row in rows]
        strong = torch.tensor([side.copy_seed is not None for side in sides])
        return augment(self._look(sides).to(self.device), strong, plan.noise[rows])

    def _tokens(self, plan: Plan, rows: list[int]) -> tuple[Tensor, Tensor]:
        ids, mask = self._read([plan.sides[row].text for row in rows])
        return ids, mask.masked_fill(plan.hidden[rows, : mask.shape[1]], 0)

    def _look(self, sides: Sequence[Side]) -> Tensor:
        if not sides:
            return torch.zeros(0, 3, *self.processor.image_size, dtype=torch.uint8)
        return self.pixels.take([side.image for side in sides])

    def _read(self, texts: list[str]) -> tuple[Tensor, Tensor]:
        if not texts:
            return torch.zeros(0, 1, dtype=torch.long), torch.zeros(0, 1, dtype=torch.long)
        return self.processor.tokens(texts)

    def _hidden(self, entries: int, generator: Generator) -> Tensor:
        length = self.processor.tokenizer.model_max_length
        hidden = torch.rand(entries, length, generator=generator) < self.dropouts.words
        hidden[:, 0] = False  # the first token marks the start, and one must stay
        return hidden


def _view_rows(presence: Sequence[Presence], whole_only: set[int]) -> dict[Presence, Tensor]:
    """Entries of each view; some are only meant whole: neither half of them stands alone."""
    rows = {
        view: [
            row
            for row, has in enumerate(presence)
            if view in has and (view is Presence.BOTH or row not in whole_only)
        ]
        for view in VIEWS
    }
    return {view: torch.tensor(r, dtype=torch.long) for view, r in rows.items() if r}
