"""What a batch holds for its losses, and InfoNCE over directions of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from uniecs.catalog.presence import Presence
from uniecs.losses.contrastive import multi_positive_nce

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
        of_queries: Whether ``unseen`` stands for the rows: the targets are turned.
        shown: Presences [Q] and [C] that the entries' IT views show, or None for whole ones. Where
            modality dropout left an IT view one half, it is right for those that share that half,
            and neither right nor wrong for others: texts and pictures are told to meet in
            directions of their own.
    """

    positives: Tensor
    excluded: Tensor
    unseen: Tensor | None = None
    of_queries: bool = False
    shown: tuple[Tensor, Tensor] | None = None

    def to(self, device: torch.device) -> "Targets":
        """The same targets on another device."""
        unseen = None if self.unseen is None else self.unseen.to(device)
        shown = None if self.shown is None else (self.shown[0].to(device), self.shown[1].to(device))
        planes = self.positives.to(device), self.excluded.to(device)
        return Targets(*planes, unseen, self.of_queries, shown)

    def between(self, direction: Direction, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
        """Positives and exclusions of one direction, [N, M] each."""
        plane = int(Presence.TEXT in direction)
        grid = (rows[:, None], columns[None, :])
        positives, excluded = self.positives[plane][grid], self.excluded[plane][grid]
        if self.shown is not None and Presence.BOTH in direction:
            one, other = (
                shown[places] if view is Presence.BOTH else torch.full_like(places, int(view))
                for view, shown, places in zip(direction, self.shown, (rows, columns), strict=True)
            )
            apart = (one[:, None] & other[None, :]) == 0
            positives, excluded = positives & ~apart, excluded | (positives & apart)
        if self.unseen is None:
            return positives, excluded
        if self.of_queries:
            return positives, excluded | (self.unseen[rows] == int(direction[1]))[:, None]
        return positives, excluded | (self.unseen[columns] == int(direction[0]))[None, :]

    def turned(self) -> "Targets":
        """The same targets seen from the candidates."""
        planes = self.positives.transpose(1, 2), self.excluded.transpose(1, 2)
        shown = None if self.shown is None else (self.shown[1], self.shown[0])
        return Targets(*planes, self.unseen, not self.of_queries, shown)


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
    *,
    mixed: float = 0.0,
) -> Tensor:
    """``mean over (x, y) of ( NCE_{x->y} + NCE_{y->x} ) / 2``, of directions that can be judged.

    NCE is ``multi_positive_nce`` over cosines of the queries' view x and the candidates' view y;
    with ``mixed = m``, ``(1 - m) NCE_{x->y} + m NCE_{x->all views}`` (UNIECS.md 7.4, 7.5 number 5).
    A direction's right answers stand against the wrong ones of its own view and, in a share of the
    loss, against the wrong ones in all views: as they do in a pool in which some products are
    pictures, some texts and some both, and in which scores of one view must mean what those of
    another do.

    Args:
        directions: Query view and candidate view of each.
        queries: Views of the Q queries.
        candidates: Views of the C candidates.
        targets: What is right between them.
        temperature: Scalar.
        mixed: Share of the mixed contest, 0..1.

    Returns:
        Scalar.
    """
    shares = [(s, every) for s, every in ((1 - mixed, False), (mixed, True)) if s]
    turned = targets.turned()
    losses = []
    for one, other in directions:
        query, candidate = queries.get(one), candidates.get(other)
        if query is None or candidate is None:
            continue
        if not targets.between((one, other), query.places, candidate.places)[0].any():
            continue
        for share, every in shares:
            forth = _contest((one, other), queries, candidates, targets, every=every)
            back = _contest((other, one), candidates, queries, turned, every=every)
            both = [multi_positive_nce(*way, temperature) for way in (forth, back)]
            losses.append(share * torch.stack(both).mean())
    if not losses:
        return temperature.sum() * 0.0
    return torch.stack(losses).sum() * len(shares) / len(losses)


def _contest(
    direction: Direction, asking: Views, answering: Views, targets: Targets, *, every: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """[N, M] cosines, positives and exclusions of the rows that ask and the columns that answer.

    With ``every`` the columns are those of all views; right answers in another view than the
    direction's are then neither right nor wrong.
    """
    rows, columns = asking[direction[0]], []
    for view, answers in answering.items():
        if view is not direction[1] and not every:
            continue
        right, open_ = targets.between((direction[0], view), rows.places, answers.places)
        if view is not direction[1]:
            right, open_ = torch.zeros_like(right), right | open_
        columns.append((rows.vectors @ answers.vectors.T, right, open_ & ~right))
    cosines, positives, excluded = (torch.cat(parts, dim=1) for parts in zip(*columns, strict=True))
    return cosines, positives, excluded
