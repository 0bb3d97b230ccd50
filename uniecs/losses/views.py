"""What a batch holds for its losses: views of both sides, and what is right between them."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from uniecs.catalog.presence import Presence


@dataclass(frozen=True)
class View:
    """Vectors of one presence of one side of a batch.

    Attributes:
        vectors: [N, D], unit rows.
        places: [N] int64: which entry of the batch's side each row belongs to.
    """

    vectors: Tensor
    places: Tensor


Views = Mapping[Presence, View]


def shared_entries(one: View, other: View) -> tuple[Tensor, Tensor]:
    """Rows [M] of each view whose entries stand in both; places must ascend."""
    rows = torch.isin(one.places, other.places).nonzero()[:, 0]
    return rows, torch.searchsorted(other.places, one.places[rows])


def fused_and_single(
    views: Views, presence: Presence, shown: Tensor | None
) -> tuple[Tensor, Tensor] | None:
    """Vectors [M, D] of the IT view and of one of its halves, of the entries that have both.

    Args:
        views: Of one side.
        presence: The half, I or T.
        shown: Presences that the IT views of the side's entries show; entries whose IT view lost
            that very half are left out.

    Returns:
        None where there is none.
    """
    fused, single = views.get(Presence.BOTH), views.get(presence)
    if fused is None or single is None:
        return None
    rows, places = shared_entries(fused, single)
    if shown is not None:
        kept = (shown[fused.places[rows]] & int(presence)) > 0
        rows, places = rows[kept], places[kept]
    return (fused.vectors[rows], single.vectors[places]) if len(rows) else None


@dataclass(frozen=True)
class Targets:
    """What is right between the entries of a batch: Q queries and C candidates.

    Attributes:
        positives: [2, Q, C] bool; the first plane for tasks in which neither side is text alone,
            the second for tasks in which one is.
        excluded: [2, Q, C] bool, likewise.
        unseen: [C] int64, or None: presence of the queries that cannot see what is wrong with a
            candidate, and leave it out; 0 where all can.
        shown: Presences [Q] and [C] that the entries' IT views show, or None for whole ones. Where
            modality dropout left an IT view one half, it is right for those that share that half,
            and neither right nor wrong for others: texts and pictures are told to meet in
            directions of their own.
    """

    positives: Tensor
    excluded: Tensor
    unseen: Tensor | None = None
    shown: tuple[Tensor, Tensor] | None = None

    def to(self, device: torch.device) -> "Targets":
        """The same targets on another device."""
        unseen = None if self.unseen is None else self.unseen.to(device)
        shown = None if self.shown is None else (self.shown[0].to(device), self.shown[1].to(device))
        planes = self.positives.to(device), self.excluded.to(device)
        return Targets(*planes, unseen, shown)


def nothing(*sides: Views) -> Tensor:
    """Zero where there is nothing to compare, joined to the graph where there are vectors at all.

    A batch may hold no view of one side: its pictures cannot be read, and it has no texts.
    """
    vectors = [view.vectors.sum() for side in sides for view in side.values()]
    return torch.stack(vectors).sum() * 0.0 if vectors else torch.zeros(())
