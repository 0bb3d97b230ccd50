"""Texts of very different lengths, read so that little of what is computed is padding."""

import torch
from torch import Tensor

from uniecs.encoder.model import UniECSModel


def read_together(
    model: UniECSModel, mask: Tensor, *, spared: float = 0.0
) -> list[tuple[Tensor, int]]:
    """``short_and_long``, but a model that reads padding gets all texts [N, L] at full length."""
    if len(mask) and model.reads_padding:
        return [(torch.arange(len(mask)), mask.shape[1])]
    return short_and_long(mask, spared=spared)


def short_and_long(mask: Tensor, *, spared: float = 0.0) -> list[tuple[Tensor, int]]:
    """Two lots of texts [N, L] by length, cut where the least padding is left.

    Queries and titles beside whole descriptions: padded to one length, a third of all tokens or
    more would be none.

    Args:
        mask: [N, L], 1 or True where a token is valid.
        spared: Share of the tokens, padding included, that two lots must spare.

    Returns:
        Rows of each lot, ascending, with the length that holds them; one lot where two would not
        spare enough, and none without texts.
    """
    if not len(mask):
        return []
    lengths = (mask.bool() * torch.arange(1, mask.shape[1] + 1)).amax(dim=1)
    ascending = lengths.sort().values
    longest = int(ascending[-1])
    short = torch.arange(1, len(mask) + 1)
    computed = short * ascending + (len(mask) - short) * longest
    limit = int(ascending[computed.argmin()])
    if computed.min() > (1 - spared) * len(mask) * longest:
        limit = longest
    lots = [(lengths <= limit, limit), (lengths > limit, longest)]
    return [(chosen.nonzero()[:, 0], length) for chosen, length in lots if chosen.any()]
