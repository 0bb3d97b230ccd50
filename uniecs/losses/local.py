"""CLAL, local alignment: a single modality should see the neighbours that the fused view sees."""

import torch
from torch import Tensor

from uniecs.catalog.presence import Presence
from uniecs.losses.views import Targets, View, Views, fused_and_single, nothing

TAU = 0.05
"""Temperature of the neighbourhoods (UNIECS.md 7.4)."""


def local_loss(queries: Views, candidates: Views, targets: Targets, *, neighbours: int) -> Tensor:
    """``L_L = 1/2 sum over sides of mean over X in {I, T} of KL( p_F || p_X )`` (UNIECS.md 7.4).

    ``p_X(.|i)`` is how row i's view X spreads over the other side's fused vectors. Fused vectors
    are targets here: no gradient reaches them. One that lost modality X says nothing about X.

    Args:
        queries: Views of the Q queries.
        candidates: Views of the C candidates.
        targets: Which modalities the fused views show.
        neighbours: k; rows are compared over the union of both top k.

    Returns:
        Scalar.
    """
    of_queries, of_candidates = targets.shown or (None, None)
    sides = [
        _one_side(views, others[Presence.BOTH], shown, neighbours)
        for views, others, shown in (
            (queries, candidates, of_queries),
            (candidates, queries, of_candidates),
        )
        if Presence.BOTH in views and Presence.BOTH in others
    ]
    found = [side for side in sides if side is not None]
    if not found:
        return nothing(queries, candidates)
    return torch.stack(found).mean()


def _one_side(views: Views, pool: View, shown: Tensor | None, neighbours: int) -> Tensor | None:
    anchors = pool.vectors.detach()
    terms = []
    for presence in (Presence.IMAGE, Presence.TEXT):
        if (found := fused_and_single(views, presence, shown)) is not None:
            fused, single = found
            seen = fused.detach() @ anchors.T
            terms.append(neighbourhood_divergence(seen, single @ anchors.T, neighbours))
    return torch.stack(terms).mean() if terms else None


def neighbourhood_divergence(fused: Tensor, single: Tensor, neighbours: int) -> Tensor:
    """``mean_i KL( softmax(f_i / TAU) || softmax(s_i / TAU) )`` over the union of both top k.

    Args:
        fused: [N, M] cosines f of the fused view; held constant.
        single: [N, M] cosines s of the view that learns.
        neighbours: k; at most M are used.

    Returns:
        Scalar.
    """
    fused = fused.detach()
    k = min(neighbours, fused.shape[1])
    union = torch.zeros_like(fused, dtype=torch.bool)
    for cosines in (fused, single.detach()):
        union.scatter_(1, cosines.topk(k, dim=1).indices, True)
    lowest = torch.finfo(fused.dtype).min
    target = (fused / TAU).masked_fill(~union, lowest).log_softmax(dim=1)
    learned = (single / TAU).masked_fill(~union, lowest).log_softmax(dim=1)
    terms = torch.where(union, target.exp() * (target - learned), torch.zeros_like(fused))
    return terms.sum(dim=1).mean()
