"""CMAL, cross-modal alignment: six directions of InfoNCE, and the views of one product."""

import torch
from torch import Tensor

from uniecs.catalog.presence import TASKS, Presence
from uniecs.losses.directions import Direction, directions_loss
from uniecs.losses.views import Targets, Views, fused_and_single, nothing

CROSS: tuple[Direction, ...] = tuple(task for task in TASKS if task[0] != task[1])
"""I-T, I-IT and T-IT, both ways."""


def alignment_loss(
    queries: Views,
    candidates: Views,
    targets: Targets,
    tau: Tensor,
    *,
    views: float,
    mixed: float = 0.0,
) -> Tensor:
    """``L_C = mean over CROSS of InfoNCE + views * L_views`` (UNIECS.md 2.5, 7.4).

    Args:
        queries: Views of the Q queries.
        candidates: Views of the C candidates.
        targets: What is right between them.
        tau: Scalar temperature.
        views: Weight of ``view_alignment``.
        mixed: Share in which right answers stand against the wrong ones in all views.

    Returns:
        Scalar.
    """
    crossed = directions_loss(CROSS, queries, candidates, targets, tau, mixed=mixed)
    of_queries, of_candidates = targets.shown or (None, None)
    aligned = view_alignment(queries, of_queries) + view_alignment(candidates, of_candidates)
    return crossed + views * aligned / 2


def view_alignment(views: Views, shown: Tensor | None = None) -> Tensor:
    """``1/2 mean_i (1 - v_i . f_i) + 1/2 mean_i (1 - t_i . f_i)``: one product, its own views.

    UNIECS.md 2.2 term 4, without its constant. Entries that lack a modality say nothing, nor do IT
    views that lost it (``shown``, the presences that they show) of it.
    """
    terms = []
    for presence in (Presence.IMAGE, Presence.TEXT):
        if (found := fused_and_single(views, presence, shown)) is not None:
            fused, single = found
            terms.append((1 - (fused * single).sum(dim=1)).mean() / 2)
    if not terms:
        return nothing(views)
    return torch.stack(terms).sum()
