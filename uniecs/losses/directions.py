"""What a batch holds for its losses, and InfoNCE over directions of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from uniecs.catalog.presence import Presence
from uniecs.losses.contrastive import symmetric_nce

Direction = tuple[Presence, Presence]


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


@dataclass(frozen=True)
class Targets:
    """What is right between the entries of a batch: Q queries and C candidates.

    Attributes:
        positives: [2, Q, C] bool; the first plane for tasks in which neither side is text alone,
            the second for tasks in which one is.
        excluded: [2, Q, C] bool, likewise.
    """

    positives: Tensor
    excluded: Tensor

    def to(self, device: torch.device) -> "Targets":
        """The same targets on another device."""
        return Targets(self.positives.to(device), self.excluded.to(device))

    def between(self, direction: Direction, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Positives and exclusions of one direction, [N, M] each."""
        plane = int(Presence.TEXT in direction)
        grid = (rows[:, None], columns[None, :])
        return self.positives[plane][grid], self.excluded[plane][grid]


def nothing(*sides: Views) -> Tensor:
    """Zero where there is nothing to compare, joined to the graph where there are vectors at all.

    A batch may hold no view of one side: its pictures cannot be read, and it has no texts.
    """
    vectors = [view.vectors.sum() for side in sides for view in side.values()]
    return torch.stack(vectors).sum() * 0.0 if vectors else torch.zeros(())


def directions_loss(
    directions: Iterable[Direction],
    queries: Views,
    candidates: Views,
    targets: Targets,
    temperature: Tensor,
) -> Tensor:
    """Mean of symmetric multi-positive InfoNCE over the directions that the batch can judge."""
    losses = []
    for direction in directions:
        query, candidate = queries.get(direction[0]), candidates.get(direction[1])
        if query is None or candidate is None:
            continue
        positives, excluded = targets.between(direction, query.places, candidate.places)
        if positives.any():
            cosines = query.vectors @ candidate.vectors.T
            losses.append(symmetric_nce(cosines, positives, excluded & ~positives, temperature))
    return torch.stack(losses).mean() if losses else temperature.sum() * 0.0
