"""The nine terms of the released training code, from their equations (UNIECS.md 2.2).

An arm to compare with: its margins act on scaled logits, one of its nine tasks has no term that
ranks, and every other item of the batch is a negative (7.3 M4, M6, M8).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.losses.views import Views

TAU, TAU_IMAGES, TAU_TEXTS = 0.07, 0.05, 0.03
PPM_MARGIN, PDC_MARGIN, PLC_TOLERANCE, IMAGE_MARGIN = 0.3, 0.2, 0.05, 0.2
PLC_NEIGHBOURS = 10
WEIGHTS = {
    "ppm": 0.8, "pdc": 0.5, "plc": 0.5, "alignment": 0.5,
    "v2t": 1.0, "v2f": 1.0, "t2f": 0.2, "v2v": 2.0, "t2t": 1.0,
}  # fmt: skip
"""As the release's training script sets them."""


@dataclass(frozen=True)
class Side:
    """Unit vectors of one side's I, T and IT views, [B, D] each; row i answers row i."""

    image: Tensor
    text: Tensor
    fused: Tensor


def paired_sides(queries: Views, candidates: Views) -> tuple[Side, Side] | None:
    """The pairs of a batch that have all three views on both sides; None when there are none."""
    if any(view not in side for side in (queries, candidates) for view in VIEWS):
        return None
    places = queries[Presence.BOTH].places
    for side in (queries, candidates):
        for view in side.values():
            places = places[torch.isin(places, view.places)]
    if not len(places):
        return None
    return _at(queries, places), _at(candidates, places)


def _at(side: Views, places: Tensor) -> Side:
    parts = (
        side[presence].vectors[torch.searchsorted(side[presence].places, places)]
        for presence in (Presence.IMAGE, Presence.TEXT, Presence.BOTH)
    )
    return Side(*parts)


def released_terms(one: Side, other: Side, scale: Tensor) -> dict[str, Tensor]:
    """The nine terms by the release's names; ``scale`` is s, in [1, e^3].

    With ``M = s F1 F2'``, ``Vm = s F1 V2'``, ``Tm = s T1 F2'`` and CE the row-wise cross entropy of
    the diagonal (UNIECS.md 2.2)::

        ppm = ( matching(M) + matching(Vm) + matching(Tm) ) / 3
        pdc = ( distinctive(M, Vm) + distinctive(M, Tm) ) / 2
        plc = locality(M, Vm, Tm)
        alignment = 2 - ( mean_i v1_i.f1_i + mean_i t1_i.f1_i ) / 2
        v2t = ( CE(V1 T2' / .07) + CE(T2 V1' / .07) ) / 2
        v2f = CE(F1 V2' / .07),  t2f = CE(T1 F2' / .07),  t2t = CE(T1 T2' / .03)
        v2v = images(V1 V2' / .05)

    Args:
        one: Side 1, the triggers.
        other: Side 2, the recalls.
        scale: Scalar.
    """
    v1, t1, f1 = one.image, one.text, one.fused
    v2, t2, f2 = other.image, other.text, other.fused
    m, vm, tm = (scale * x for x in (f1 @ f2.T, f1 @ v2.T, t1 @ f2.T))
    return {
        "ppm": sum((_matching(x) for x in (m, vm, tm)), start=m.new_zeros(())) / 3,
        "pdc": (_distinctive(m, vm) + _distinctive(m, tm)) / 2,
        "plc": _locality(m, vm, tm),
        "alignment": (4 - (v1 * f1).sum(dim=1).mean() - (t1 * f1).sum(dim=1).mean()) / 2,
        "v2t": (_diagonal(v1 @ t2.T / TAU) + _diagonal(t2 @ v1.T / TAU)) / 2,
        "v2f": _diagonal(f1 @ v2.T / TAU),
        "t2f": _diagonal(t1 @ f2.T / TAU),
        "v2v": _images(v1 @ v2.T / TAU_IMAGES),
        "t2t": _diagonal(t1 @ t2.T / TAU_TEXTS),
    }


def released_loss(one: Side, other: Side, scale: Tensor) -> Tensor:
    """``L = sum_k w_k L_k / sum_k w_k`` with fixed weights."""
    terms = released_terms(one, other, scale)
    weighed = torch.stack([WEIGHTS[name] * term for name, term in terms.items()])
    return weighed.sum() / sum(WEIGHTS.values())


def _diagonal(logits: Tensor) -> Tensor:
    """``CE``: row-wise cross entropy with the diagonal as target."""
    return F.cross_entropy(logits, torch.arange(len(logits), device=logits.device))


def _matching(x: Tensor) -> Tensor:
    """``1/B^2 sum_ij max(0, a1 (1 - d_ij) + X_ij - X_ii)``."""
    margin = PPM_MARGIN * (1 - torch.eye(len(x), dtype=x.dtype, device=x.device))
    return (margin + x - x.diagonal()[:, None]).relu().mean()


def _distinctive(m: Tensor, single: Tensor) -> Tensor:
    """``1/B^2 sum_ij max(0, a2 + M_ij - X_ii)``, the diagonal included."""
    return (PDC_MARGIN + m - single.diagonal()[:, None]).relu().mean()


def _locality(m: Tensor, vm: Tensor, tm: Tensor) -> Tensor:
    """``1/(3 B k) sum_i sum_{j in N_i} h(Vm - M) + h(Tm - M) + h(Vm - Tm)``, h(x) = (x^2 - a3)_+.

    N_i are the k best columns of row i of M.
    """
    near = m.topk(min(PLC_NEIGHBOURS, m.shape[1]), dim=1).indices
    m, vm, tm = (x.gather(1, near) for x in (m, vm, tm))
    gaps = torch.stack([vm - m, tm - m, vm - tm])
    return (gaps.square() - PLC_TOLERANCE).relu().mean()


def _images(logits: Tensor) -> Tensor:
    """``CE(l) + mean over the hardest half of negatives of relu(0.2 + l_ij - l_ii)``."""
    hardest = len(logits) // 2
    if not hardest:
        return _diagonal(logits)
    own = torch.eye(len(logits), dtype=torch.bool, device=logits.device)
    negatives = logits.masked_fill(own, float("-inf")).topk(min(hardest, len(logits) - 1), dim=1)
    hinge = (IMAGE_MARGIN + negatives.values - logits.diagonal()[:, None]).relu()
    return _diagonal(logits) + hinge.mean()
