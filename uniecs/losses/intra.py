"""IMCL, intra-modal contrast: like against like, and a margin to negatives that come too close."""

import torch
from torch import Tensor

from uniecs.catalog.presence import TASKS
from uniecs.losses.directions import Direction, Grid, grid_loss
from uniecs.losses.views import Targets, Views

INTRA: tuple[Direction, ...] = tuple(task for task in TASKS if task[0] == task[1])
"""I-I, T-T and IT-IT."""


def intra_loss(
    queries: Views,
    candidates: Views,
    targets: Targets,
    tau: Tensor,
    *,
    margin: float,
    mixed: float = 0.0,
) -> Tensor:
    """``L_I = mean over INTRA of ( InfoNCE + semi-hard margin )`` (UNIECS.md 2.5, 7.4).

    Args:
        queries: Views of the Q queries.
        candidates: Views of the C candidates.
        targets: What is right between them.
        tau: Scalar temperature of InfoNCE.
        margin: m, in cosine.
        mixed: Share in which right answers stand against the wrong ones in all views.

    Returns:
        Scalar.
    """
    grid = Grid.of(queries, candidates, targets)
    if grid is None:
        return tau.sum() * 0.0
    contrast = grid_loss(INTRA, grid, tau, mixed=mixed)
    chosen = grid.only(INTRA)
    ways = (chosen, chosen.turned())
    hinges = [semi_hard_margin(w.cosines, w.positives, w.excluded, margin).sum() for w in ways]
    shared = sum(view in queries and view in candidates for view, _ in INTRA)
    return contrast + torch.stack(hinges).sum() / 2 / max(1, shared)


def semi_hard_margin(cosines: Tensor, positives: Tensor, excluded: Tensor, margin: float) -> Tensor:
    """``mean_i mean_{j in S_i} ( 1 - (p_i - c_ij) / m )``, a hinge in units of its margin.

    p_i is the best positive of row i; ``S_i = {j : p_i - m < c_ij < p_i}`` are its semi-hard
    negatives, those right behind it. A harder one is left to InfoNCE: pulling at negatives that
    beat every positive lets training collapse (FaceNet, 1503.03832, section 3.2).

    Args:
        cosines: [..., N, M].
        positives: [..., N, M] bool.
        excluded: [..., N, M] bool: neither right nor wrong.
        margin: m > 0, in cosine.

    Returns:
        [...]; 0 where no row has a positive. Rows without a semi-hard negative count as 0.
    """
    judged = positives.any(dim=-1)
    best = cosines.masked_fill(~positives, -2.0).amax(dim=-1, keepdim=True)
    gap = best - cosines
    semi_hard = ~positives & ~excluded & (gap > 0) & (gap < margin) & judged[..., None]
    hinges = torch.where(semi_hard, 1 - gap / margin, torch.zeros_like(gap))
    rows = hinges.sum(dim=-1) / semi_hard.sum(dim=-1).clamp(min=1)
    return rows.sum(dim=-1) / judged.sum(dim=-1).clamp(min=1)
