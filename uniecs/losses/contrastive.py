"""Multi-positive InfoNCE: the term that every direction of every family is made of."""

import torch
from torch import Tensor


def multi_positive_nce(
    cosines: Tensor, positives: Tensor, excluded: Tensor, temperature: Tensor
) -> Tensor:
    """Mean over rows of ``-log( sum_{j in P_i} e^{c_ij/tau} / sum_{j not in X_i} e^{c_ij/tau} )``.

    UNIECS.md 7.4. Rows without a positive say nothing and are left out.

    Args:
        cosines: [..., N, M].
        positives: [..., N, M] bool, P.
        excluded: [..., N, M] bool, X: neither right nor wrong; never overlaps P.
        temperature: Scalar tau.

    Returns:
        [...]; 0 where no row has a positive.
    """
    logits = cosines / temperature
    lowest = torch.finfo(logits.dtype).min
    everything = logits.masked_fill(excluded, lowest).logsumexp(dim=-1)
    right = logits.masked_fill(~positives, lowest).logsumexp(dim=-1)
    counted = positives.any(dim=-1)
    losses = torch.where(counted, everything - right, torch.zeros_like(right))
    return losses.sum(dim=-1) / counted.sum(dim=-1).clamp(min=1)
