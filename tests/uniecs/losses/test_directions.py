"""Directions see positives by the task's plane, and skip what a batch lacks."""

import torch
import torch.nn.functional as F

from uniecs.catalog.presence import TASKS, Presence
from uniecs.losses.contrastive import symmetric_nce
from uniecs.losses.directions import Targets, View, directions_loss, shared_entries


def views(count: int, seed: int) -> dict[Presence, View]:
    generator = torch.Generator().manual_seed(seed)
    rows = {Presence.IMAGE: [0, 2, 3], Presence.TEXT: [0, 1, 3], Presence.BOTH: [0, 3]}
    return {
        presence: View(
            F.normalize(torch.randn(len(r), 8, generator=generator, dtype=torch.float64), dim=1),
            torch.tensor(r),
        )
        for presence, r in rows.items()
        if max(r) < count
    }


def targets() -> Targets:
    right = torch.eye(4, dtype=torch.bool)
    with_title = right.clone()
    with_title[0, 1] = with_title[1, 0] = True
    variant = torch.zeros(4, 4, dtype=torch.bool)
    variant[0, 3] = variant[3, 0] = True
    nothing = torch.zeros_like(variant)
    return Targets(torch.stack([right, with_title]), torch.stack([variant, nothing]))


def test_another_variant_is_left_out_unless_a_side_is_text_alone() -> None:
    queries, candidates, tau = views(4, 0), views(4, 1), torch.tensor(0.07).double()
    judged = targets()

    picture, text = queries[Presence.IMAGE], candidates[Presence.TEXT]
    grid = (picture.places[:, None], text.places[None, :])
    expected = symmetric_nce(
        picture.vectors @ text.vectors.T, judged.positives[1][grid], judged.excluded[1][grid], tau
    )
    direction = (Presence.IMAGE, Presence.TEXT)
    assert torch.isclose(directions_loss([direction], queries, candidates, judged, tau), expected)

    both = (Presence.BOTH, Presence.BOTH)
    only_diagonal = directions_loss([both], queries, candidates, judged, tau)
    assert only_diagonal.item() == 0.0  # rows 0 and 3 are variants of one another: nothing to tell


def test_views_that_a_batch_lacks_are_skipped() -> None:
    queries = {Presence.TEXT: views(4, 0)[Presence.TEXT]}
    candidates = {Presence.IMAGE: views(4, 1)[Presence.IMAGE]}
    tau = torch.tensor(0.07).double()

    found = directions_loss(TASKS, queries, candidates, targets(), tau)
    only = directions_loss([(Presence.TEXT, Presence.IMAGE)], queries, candidates, targets(), tau)
    assert found == only > 0
    assert (
        directions_loss([(Presence.TEXT, Presence.TEXT)], queries, candidates, targets(), tau) == 0
    )


def test_the_mean_is_over_the_directions_that_can_be_judged() -> None:
    queries, candidates, tau = views(4, 0), views(4, 1), torch.tensor(0.07).double()

    single = [directions_loss([d], queries, candidates, targets(), tau) for d in TASKS]

    together = directions_loss(TASKS, queries, candidates, targets(), tau)
    assert torch.isclose(together, torch.stack(single).mean())


def test_entries_are_matched_by_their_places() -> None:
    side = views(4, 0)

    rows, places = shared_entries(side[Presence.IMAGE], side[Presence.TEXT])

    assert rows.tolist() == [0, 2]
    assert places.tolist() == [0, 2]
