"""IMCL: InfoNCE within a modality, and a margin in cosine that only semi-hard negatives feel."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from uniecs.catalog.presence import Presence
from uniecs.losses.directions import directions_loss
from uniecs.losses.intra import INTRA, intra_loss, semi_hard_margin
from uniecs.losses.views import Targets, View

MakeViews = Callable[..., dict[Presence, View]]
TAU = torch.tensor(0.07, dtype=torch.float64)


def loop_margin(cosines: Tensor, positives: Tensor, excluded: Tensor, m: float) -> float:
    """The equation, term by term."""
    rows = []
    for i in range(len(cosines)):
        columns = range(cosines.shape[1])
        right = [cosines[i, j].item() for j in columns if positives[i, j]]
        if not right:
            continue
        best = max(right)
        wrong = [cosines[i, j].item() for j in columns if not (positives | excluded)[i, j]]
        semi_hard = [c for c in wrong if best - m < c < best]
        hinges = [1 - (best - c) / m for c in semi_hard]
        rows.append(sum(hinges) / len(hinges) if hinges else 0.0)
    return sum(rows) / len(rows) if rows else 0.0


def problem(rows: int, columns: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    cosines = torch.rand(rows, columns, generator=generator, dtype=torch.float64) * 0.4
    positives = torch.rand(rows, columns, generator=generator) < 0.3
    excluded = (torch.rand(rows, columns, generator=generator) < 0.3) & ~positives
    return cosines, positives, excluded


@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    seed=st.integers(0, 10_000),
    margin=st.sampled_from([0.05, 0.2]),
)
@settings(max_examples=60, deadline=None)
def test_the_margin_equals_the_double_loop(
    rows: int, columns: int, seed: int, margin: float
) -> None:
    cosines, positives, excluded = problem(rows, columns, seed)

    got = semi_hard_margin(cosines, positives, excluded, margin).item()

    assert got == pytest.approx(loop_margin(cosines, positives, excluded, margin), abs=1e-10)


def test_the_margin_has_the_gradient_of_its_equation() -> None:
    cosines, positives, excluded = problem(5, 6, 3)

    assert torch.autograd.gradcheck(
        lambda c: semi_hard_margin(c, positives, excluded, 0.2), (cosines.requires_grad_(),)
    )


def test_a_negative_beyond_every_positive_is_left_to_infonce() -> None:
    cosines = torch.tensor([[0.5, 0.6, 0.48, 0.1]], requires_grad=True)
    positives = torch.tensor([[True, False, False, False]])

    semi_hard_margin(cosines, positives, torch.zeros_like(positives), 0.05).backward()

    assert cosines.grad is not None
    assert (cosines.grad != 0).tolist() == [[True, False, True, False]]


def test_the_family_is_the_mean_over_like_directions(
    make_views: MakeViews, make_targets: Callable[[int], Targets]
) -> None:
    queries, candidates, targets = make_views(6, 0), make_views(6, 1), make_targets(6)
    contrast, hinges = [], []
    for direction in INTRA:
        contrast.append(directions_loss([direction], queries, candidates, targets, TAU).item())
        query, candidate = queries[direction[0]], candidates[direction[1]]
        plane, grid = int(Presence.TEXT in direction), (query.places[:, None], candidate.places)
        right, open_ = targets.positives[plane][grid], targets.excluded[plane][grid]
        cosines = query.vectors @ candidate.vectors.T
        forth = loop_margin(cosines, right, open_, 0.3)
        hinges.append((forth + loop_margin(cosines.T, right.T, open_.T, 0.3)) / 2)

    loss = intra_loss(queries, candidates, targets, TAU, margin=0.3)

    assert loss.item() == pytest.approx(sum(contrast) / 3 + sum(hinges) / 3, abs=1e-12)


def test_sides_that_share_no_modality_say_nothing(
    make_views: MakeViews, make_targets: Callable[[int], Targets]
) -> None:
    texts = {Presence.TEXT: make_views(4, 0)[Presence.TEXT]}
    images = {Presence.IMAGE: make_views(4, 1)[Presence.IMAGE]}

    assert intra_loss(texts, images, make_targets(4), TAU, margin=0.05) == 0
