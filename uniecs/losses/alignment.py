"""CMAL, cross-modal alignment: six directions of InfoNCE, and the views of one product."""

import torch
from torch import Tensor

from uniecs.catalog.presence import TASKS, Presence
from uniecs.losses.directions import (
    Direction,
    Targets,
    Views,
    directions_loss,
    nothing,
    shared_entries,
)

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
    return crossed + views * (view_alignment(queries) + view_alignment(candidates)) / 2


def view_alignment(views: Views) -> Tensor:
    """``1/2 mean_i (1 - v_i . f_i) + 1/2 mean_i (1 - t_i . f_i)``: one product, its own views.

    UNIECS.md 2.2 term 4, without its constant. Entries that lack a modality say nothing.
    """
    fused = views.get(Presence.BOTH)
    terms = []
    for presence in (Presence.IMAGE, Presence.TEXT):
        single = views.get(presence)
        if fused is None or single is None:
            continue
        rows, places = shared_entries(fused, single)
        if len(rows):
            cosines = (fused.vectors[rows] * single.vectors[places]).sum(dim=1)
            terms.append((1 - cosines).mean() / 2)
    if not terms:
        return nothing(views)
    return torch.stack(terms).sum()
