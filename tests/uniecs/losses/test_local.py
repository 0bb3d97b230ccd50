"""CLAL: one modality's neighbours move towards the fused view's, and never the other way."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from uniecs.catalog.presence import Presence
from uniecs.losses.alignment import alignment_loss
from uniecs.losses.local import TAU, local_loss, neighbourhood_divergence
from uniecs.losses.views import View

MakeViews = Callable[..., dict[Presence, View]]


def loop_divergence(fused: Tensor, single: Tensor, k: int) -> float:
    """The equation, term by term."""
    total = 0.0
    for f_row, s_row in zip(fused.tolist(), single.tolist(), strict=True):
        union = set()
        for row in (f_row, s_row):
            union |= set(sorted(range(len(row)), key=lambda j: -row[j])[:k])
        p = {j: math.exp(f_row[j] / TAU) for j in union}
        q = {j: math.exp(s_row[j] / TAU) for j in union}
        total += sum(
            p[j] / sum(p.values()) * math.log(p[j] / sum(p.values()) / (q[j] / sum(q.values())))
            for j in union
        )
    return total / len(fused)


def cosines(rows: int, columns: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(rows, columns, generator=generator, dtype=torch.float64) * 2 - 1


@given(rows=st.integers(1, 5), columns=st.integers(1, 8), k=st.integers(1, 4), seed=st.integers(0))
@settings(max_examples=60, deadline=None)
def test_it_equals_the_double_loop(rows: int, columns: int, k: int, seed: int) -> None:
    fused, single = cosines(rows, columns, seed % 9_999), cosines(rows, columns, seed % 9_999 + 1)

    got = neighbourhood_divergence(fused, single, k).item()

    assert got == pytest.approx(loop_divergence(fused, single, min(k, columns)), abs=1e-10)


def test_it_has_the_gradient_of_its_equation() -> None:
    fused, single = cosines(4, 6, 1), cosines(4, 6, 2).requires_grad_()

    assert torch.autograd.gradcheck(lambda s: neighbourhood_divergence(fused, s, 3), (single,))


def test_a_batch_in_which_nothing_can_be_seen_costs_nothing(make_views, make_targets) -> None:
    tau = torch.tensor(0.07, dtype=torch.float64, requires_grad=True)
    some = {Presence.IMAGE: make_views(3, 0)[Presence.IMAGE]}

    for queries, candidates in (({}, {}), ({}, some), (some, {})):
        local = local_loss(queries, candidates, make_targets(3), neighbours=3)
        aligned = alignment_loss(queries, candidates, make_targets(3), tau, views=1.0)
        (local + aligned).backward()

        assert (local.item(), aligned.item(), tau.grad.item()) == (0, 0, 0)


def test_equal_neighbourhoods_cost_nothing() -> None:
    same = cosines(3, 5, 4)

    assert neighbourhood_divergence(same, same.clone(), 3).item() == pytest.approx(0, abs=1e-12)


def test_the_family_averages_modalities_and_sides(make_views: MakeViews, make_targets) -> None:
    queries, candidates = make_views(8, 0), make_views(8, 1)
    expected = []
    for own, other in ((queries, candidates), (candidates, queries)):
        fused, pool = own[Presence.BOTH], other[Presence.BOTH].vectors
        for presence in (Presence.IMAGE, Presence.TEXT):
            single = own[presence]
            places = [single.places.tolist().index(p) for p in fused.places.tolist()]
            expected.append(
                loop_divergence(fused.vectors @ pool.T, single.vectors[places] @ pool.T, 2)
            )

    loss = local_loss(queries, candidates, make_targets(8), neighbours=2)

    assert loss.item() == pytest.approx(sum(expected) / 4, abs=1e-10)


def test_a_fused_view_says_nothing_about_what_it_does_not_show(
    make_views: MakeViews, make_targets
) -> None:
    queries, candidates = make_views(8, 0), make_views(8, 1)
    pictures = torch.full((8,), int(Presence.IMAGE))
    halved = replace(make_targets(8), shown=(pictures, pictures))

    local_loss(queries, candidates, halved, neighbours=3).backward()

    for side in (queries, candidates):
        assert side[Presence.IMAGE].vectors.grad.any()
        assert side[Presence.TEXT].vectors.grad is None


def test_no_gradient_reaches_a_fused_vector(make_views: MakeViews, make_targets) -> None:
    queries, candidates = make_views(8, 0), make_views(8, 1)

    local_loss(queries, candidates, make_targets(8), neighbours=3).backward()

    for side in (queries, candidates):
        assert side[Presence.BOTH].vectors.grad is None
        assert side[Presence.IMAGE].vectors.grad.any()
        assert side[Presence.TEXT].vectors.grad.any()


def test_without_fused_views_it_says_nothing(make_views: MakeViews, make_targets) -> None:
    texts = {Presence.TEXT: make_views(4, 0)[Presence.TEXT]}

    loss = local_loss(texts, texts, make_targets(4), neighbours=3)
    loss.backward()

    assert loss.item() == 0
