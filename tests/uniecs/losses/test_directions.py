"""The families hold the nine directions once each, and see positives by the task's plane."""

import torch
import torch.nn.functional as F

from uniecs.catalog.presence import TASKS, Presence
from uniecs.losses.contrastive import symmetric_nce
from uniecs.losses.directions import (
    CROSS,
    INTRA,
    Targets,
    View,
    alignment_loss,
    directions_loss,
    intra_loss,
)


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


def test_the_families_share_out_the_nine_directions() -> None:
    assert sorted(CROSS + INTRA) == sorted(TASKS)
    assert len(set(CROSS)) == 6
    assert all(query == candidate for query, candidate in INTRA)


def test_a_family_is_the_mean_of_its_directions() -> None:
    queries, candidates, tau = views(4, 0), views(4, 1), torch.tensor(0.07).double()

    for directions, family in ((CROSS, alignment_loss), (INTRA, intra_loss)):
        single = [directions_loss([d], queries, candidates, targets(), tau) for d in directions]
        together = family(queries, candidates, targets(), tau)
        assert torch.isclose(together, torch.stack(single).mean())


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

    assert alignment_loss(queries, candidates, targets(), tau) > 0
    assert intra_loss(queries, candidates, targets(), tau) == 0
