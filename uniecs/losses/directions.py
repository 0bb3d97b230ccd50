"""InfoNCE over the nine directions of a batch, all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.losses.contrastive import multi_positive_nce
from uniecs.losses.views import Targets, Views

Direction = tuple[Presence, Presence]
"""View of the queries and view of the candidates."""


@dataclass(frozen=True)
class Grid:
    """Every view of Q queries against every view of C candidates, in the order of VIEWS.

    Attributes:
        cosines: [3, 3, Q, C], or [K, Q, C] of K directions; 0 where an entry has no such view.
        positives: Likewise, bool.
        excluded: Likewise, bool: neither right nor wrong, or not there.
    """

    cosines: Tensor
    positives: Tensor
    excluded: Tensor

    @classmethod
    def of(cls, queries: Views, candidates: Views, targets: Targets) -> Self | None:
        """Compare all with all; None where a side shows nothing."""
        if not queries or not candidates:
            return None
        asking, asks = _stacked(queries, targets.positives.shape[1])
        answering, answers = _stacked(candidates, targets.positives.shape[2])
        across = asking.flatten(0, 1) @ answering.flatten(0, 1).T
        cosines = across.unflatten(0, asks.shape).unflatten(2, answers.shape).transpose(1, 2)
        positives, excluded = _judged(targets)
        there = asks[:, None, :, None] & answers[None, :, None, :]
        return cls(cosines, positives & there, excluded | ~there)

    def only(self, directions: Sequence[Direction]) -> Self:
        """Some directions in a row, [K, Q, C] each."""
        places = [len(VIEWS) * VIEWS.index(one) + VIEWS.index(other) for one, other in directions]
        chosen = torch.tensor(places, device=self.cosines.device)
        parts = (self.cosines, self.positives, self.excluded)
        return type(self)(*(part.flatten(0, 1).index_select(0, chosen) for part in parts))

    def with_rivals(self) -> Self:
        """[3, 3, Q, 3 C]: right answers of one view, and wrong ones in all views.

        Right answers in another view than the direction's are neither right nor wrong.
        """
        views, _, count, columns = self.cosines.shape
        own = torch.eye(views, dtype=torch.bool, device=self.cosines.device)[None, :, None, :, None]

        def spread(part: Tensor) -> Tensor:
            return part.transpose(1, 2)[:, None].expand(-1, views, -1, -1, -1)

        positives, excluded = spread(self.positives), spread(self.excluded)
        parts = (spread(self.cosines), positives & own, excluded | (positives & ~own))
        shape = (views, views, count, views * columns)
        return type(self)(*(part.reshape(shape) for part in parts))

    def turned(self) -> Self:
        """The same seen from the candidates: [3, 3, C, Q], or [K, C, Q] of chosen directions."""
        parts = (self.cosines, self.positives, self.excluded)
        turned = [part.transpose(-1, -2) for part in parts]
        return type(self)(*(part.transpose(0, 1) if part.dim() == 4 else part for part in turned))


def directions_loss(
    directions: Sequence[Direction],
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
    if not mixed:  # what no direction looks at gets no gradient, not even one of zeros
        asked, answering = ({views[side] for views in directions} for side in (0, 1))
        queries = {view: found for view, found in queries.items() if view in asked}
        candidates = {view: found for view, found in candidates.items() if view in answering}
    grid = Grid.of(queries, candidates, targets)
    if grid is None:
        return temperature.sum() * 0.0
    return grid_loss(directions, grid, temperature, mixed=mixed)


def grid_loss(
    directions: Sequence[Direction], grid: Grid, temperature: Tensor, *, mixed: float = 0.0
) -> Tensor:
    """``directions_loss`` of what has been compared already."""
    chosen = grid.only(directions)
    losses = _mean_of_ways(chosen, chosen.turned(), temperature)
    if mixed:
        turned = [(other, one) for one, other in directions]
        forth = grid.with_rivals().only(directions)
        back = grid.turned().with_rivals().only(turned)
        losses = (1 - mixed) * losses + mixed * _mean_of_ways(forth, back, temperature)
    judged = chosen.positives.flatten(1).any(dim=1)
    return losses.sum() / judged.sum().clamp(min=1)


def _mean_of_ways(forth: Grid, back: Grid, temperature: Tensor) -> Tensor:
    """[K] InfoNCE of the queries among the candidates and of the candidates among the queries."""
    ways = [
        multi_positive_nce(way.cosines, way.positives, way.excluded, temperature)
        for way in (forth, back)
    ]
    return torch.stack(ways).mean(dim=0)


def _stacked(views: Views, count: int) -> tuple[Tensor, Tensor]:
    """Vectors [3, N, D] of N entries, zeros where they have no such view, and where they do."""
    some = next(iter(views.values())).vectors
    empty = some.new_zeros(count, some.shape[1])
    there = torch.zeros(len(VIEWS), count, dtype=torch.bool, device=some.device)
    vectors = []
    for row, presence in enumerate(VIEWS):
        if (view := views.get(presence)) is None:
            vectors.append(empty)
            continue
        whole = len(view.places) == count
        vectors.append(view.vectors if whole else empty.index_copy(0, view.places, view.vectors))
        there[row, view.places] = True
    return torch.stack(vectors), there


def _judged(targets: Targets) -> tuple[Tensor, Tensor]:
    """Positives and exclusions [3, 3, Q, C] of all directions."""
    device = targets.positives.device
    views = torch.tensor([int(view) for view in VIEWS], device=device)
    with_text, with_both = (
        (views == int(view))[:, None] | (views == int(view))[None, :]
        for view in (Presence.TEXT, Presence.BOTH)
    )
    positives, excluded = targets.positives[with_text.long()], targets.excluded[with_text.long()]
    if targets.shown is not None:
        whole = (views == int(Presence.BOTH))[:, None]
        asking, answering = (
            torch.where(whole, of[None, :], views[:, None]) for of in targets.shown
        )
        apart = (asking[:, None, :, None] & answering[None, :, None, :]) == 0
        apart &= with_both[:, :, None, None]
        positives, excluded = positives & ~apart, excluded | (positives & apart)
    if targets.unseen is not None:
        excluded = excluded | (targets.unseen == views[:, None])[:, None, None, :]
    return positives, excluded
