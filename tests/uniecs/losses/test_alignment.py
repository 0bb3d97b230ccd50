"""CMAL is the mean of its six directions, and pulls the views of one product together."""

from collections.abc import Callable

import pytest
import torch

from uniecs.catalog.presence import TASKS, Presence
from uniecs.losses.alignment import CROSS, alignment_loss, view_alignment
from uniecs.losses.directions import directions_loss
from uniecs.losses.intra import INTRA
from uniecs.losses.views import Targets, View

Views = dict[Presence, View]
MakeViews = Callable[..., Views]
TAU = torch.tensor(0.07, dtype=torch.float64)


def loop_alignment(views: Views) -> float:
    total = 0.0
    for presence in (Presence.IMAGE, Presence.TEXT):
        fused, single = views[Presence.BOTH], views[presence]
        cosines = [
            sum(a * b for a, b in zip(f.tolist(), s.tolist(), strict=True))
            for f, place in zip(fused.vectors, fused.places, strict=True)
            for s, other in zip(single.vectors, single.places, strict=True)
            if place == other
        ]
        total += sum(1 - cosine for cosine in cosines) / len(cosines) / 2
    return total


def test_the_families_share_out_the_nine_directions() -> None:
    assert sorted(CROSS + INTRA) == sorted(TASKS)
    assert len(set(CROSS)) == 6
    assert all(query == candidate for query, candidate in INTRA)


def test_it_is_the_mean_of_its_directions_and_the_alignment_of_views(
    make_views: MakeViews, make_targets: Callable[[int], Targets]
) -> None:
    queries, candidates, targets = make_views(6, 0), make_views(6, 1), make_targets(6)
    single = [directions_loss([d], queries, candidates, targets, TAU) for d in CROSS]

    loss = alignment_loss(queries, candidates, targets, TAU, views=0.3)

    views = (loop_alignment(queries) + loop_alignment(candidates)) / 2
    assert loss.item() == pytest.approx(torch.stack(single).mean().item() + 0.3 * views, abs=1e-12)


def test_the_alignment_of_views_has_the_gradient_of_its_equation(make_views: MakeViews) -> None:
    views = make_views(5, 2)

    def loss(image: torch.Tensor, text: torch.Tensor, fused: torch.Tensor) -> torch.Tensor:
        parts = zip(
            (Presence.IMAGE, Presence.TEXT, Presence.BOTH), (image, text, fused), strict=True
        )
        return view_alignment({p: View(v, views[p].places) for p, v in parts})

    inputs = tuple(
        views[p].vectors.detach().requires_grad_()
        for p in (Presence.IMAGE, Presence.TEXT, Presence.BOTH)
    )
    assert torch.autograd.gradcheck(loss, inputs)


def test_a_fused_view_is_not_aligned_with_what_it_does_not_show(make_views: MakeViews) -> None:
    views = make_views(5, 2)
    shown = torch.tensor([3, 2, 1, 1, 3])  # of entry 3, which has all views, the picture alone

    loss = view_alignment(views, shown)

    fused, image, text = (views[p] for p in (Presence.BOTH, Presence.IMAGE, Presence.TEXT))
    without = {
        Presence.BOTH: View(fused.vectors[fused.places != 3], fused.places[fused.places != 3]),
        Presence.TEXT: text,
    }
    with_image = {Presence.BOTH: fused, Presence.IMAGE: image}
    assert 3 in fused.places
    assert loss.item() == pytest.approx(
        (view_alignment(without) + view_alignment(with_image)).item(), abs=1e-12
    )


def test_a_batch_of_texts_alone_has_nothing_to_align(make_views: MakeViews) -> None:
    texts = {Presence.TEXT: make_views(4, 0)[Presence.TEXT]}

    loss = view_alignment(texts)
    loss.backward()

    assert loss.item() == 0
    assert not texts[Presence.TEXT].vectors.grad.any()
