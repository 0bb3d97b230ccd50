"""Directions see positives by the task's plane, and skip what a batch lacks."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from uniecs.catalog.presence import TASKS, Presence
from uniecs.losses.alignment import CROSS
from uniecs.losses.contrastive import multi_positive_nce
from uniecs.losses.directions import directions_loss
from uniecs.losses.intra import INTRA
from uniecs.losses.views import Targets, View, shared_entries


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
    cosines, right = picture.vectors @ text.vectors.T, judged.positives[1][grid]
    open_ = judged.excluded[1][grid]
    forth = multi_positive_nce(cosines, right, open_, tau)
    expected = (forth + multi_positive_nce(cosines.T, right.T, open_.T, tau)) / 2
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


def loop_directions(
    directions: list[tuple[Presence, Presence]],
    queries: dict[Presence, View],
    candidates: dict[Presence, View],
    judged: Targets,
    tau: float,
    *,
    mixed: bool,
) -> float:
    """The equation, term by term: mean over directions, over both ways, over rows."""
    found = []
    for one, other in directions:
        ways = []
        for asking, answering, turned in (
            (queries, candidates, False),
            (candidates, queries, True),
        ):
            first, second = (other, one) if turned else (one, other)
            losses = []
            for row, vector in zip(
                asking[first].places.tolist(), asking[first].vectors.detach(), strict=True
            ):
                above, below = 0.0, 0.0
                for view, answers in answering.items():
                    if view is not second and not mixed:
                        continue
                    plane = int(Presence.TEXT in (first, view))
                    for place, answer in zip(
                        answers.places.tolist(), answers.vectors.detach(), strict=True
                    ):
                        at = (plane, place, row) if turned else (plane, row, place)
                        right, open_ = bool(judged.positives[at]), bool(judged.excluded[at])
                        term = math.exp(float(vector @ answer) / tau)
                        if right and view is second:
                            above, below = above + term, below + term
                        elif not right and not open_:
                            below += term
                if above:
                    losses.append(-math.log(above / below))
            ways.append(sum(losses) / len(losses) if losses else 0.0)
        if any(ways):
            found.append(sum(ways) / 2)
    return sum(found) / len(found)


@pytest.mark.parametrize("mixed", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("directions", [list(TASKS), list(CROSS), list(INTRA)])
def test_whole_families_equal_the_loops(
    directions: list[tuple[Presence, Presence]], mixed: float, make_views, make_targets
) -> None:
    queries, candidates, judged = make_views(7, 0), make_views(7, 1), make_targets(7)
    tau = torch.tensor(0.07, dtype=torch.float64)

    got = directions_loss(directions, queries, candidates, judged, tau, mixed=mixed)

    alone, all_views = (
        loop_directions(directions, queries, candidates, judged, 0.07, mixed=share)
        for share in (False, True)
    )
    expected = (1 - mixed) * alone + mixed * all_views
    assert got.item() == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("mixed", [0.0, 0.5])
def test_a_whole_family_has_the_gradient_of_its_equation(
    mixed: float, make_views, make_targets
) -> None:
    queries, candidates, judged = make_views(4, 2), make_views(4, 3), make_targets(4)
    tau = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    sides = [queries, candidates]
    leaves = [side[view].vectors.detach().requires_grad_() for side in sides for view in side]

    def loss(tau: torch.Tensor, *vectors: torch.Tensor) -> torch.Tensor:
        given = iter(vectors)
        q, c = ({view: View(next(given), side[view].places) for view in side} for side in sides)
        return directions_loss(TASKS, q, c, judged, tau, mixed=mixed)

    assert torch.autograd.gradcheck(loss, (tau, *leaves))


def test_a_query_leaves_out_what_it_cannot_see_to_be_wrong(make_views, make_targets) -> None:
    queries, candidates, judged = make_views(6, 0), make_views(6, 1), make_targets(6)
    tau = torch.tensor(0.07, dtype=torch.float64)
    last = torch.tensor([False] * 5 + [True])
    wrong = Targets(judged.positives & ~last, judged.excluded & ~last)
    left_out = Targets(wrong.positives, wrong.excluded | last)
    unseen = replace(wrong, unseen=int(Presence.IMAGE) * last.long())

    both = [(Presence.IMAGE, Presence.TEXT)]
    assert directions_loss(both, queries, candidates, wrong, tau) > directions_loss(
        both, queries, candidates, left_out, tau
    )
    for direction in TASKS:
        loss = directions_loss([direction], queries, candidates, unseen, tau)
        expected = left_out if direction[0] is Presence.IMAGE else wrong
        assert loss == directions_loss([direction], queries, candidates, expected, tau)


def test_a_view_that_lost_a_half_is_right_only_for_those_that_share_the_other(
    make_views, make_targets
) -> None:
    count = 6
    queries, candidates = make_views(count, 0), make_views(count, 1)
    asked = torch.tensor([1, 2, 3, 3, 1, 3])  # entry 0 shows its picture alone, entry 1 its text
    answering = torch.tensor([2, 2, 1, 3, 3, 3])
    whole = make_targets(count)
    halved = replace(whole, shown=(asked, answering))
    tau = torch.tensor(0.07, dtype=torch.float64)

    for one, other in TASKS:
        right, open_ = whole.positives.clone(), whole.excluded.clone()
        for row in range(count):
            for column in range(count):
                showing = int(asked[row]) if one is Presence.BOTH else int(one)
                shown = int(answering[column]) if other is Presence.BOTH else int(other)
                if Presence.BOTH in (one, other) and not showing & shown:
                    open_[:, row, column] |= right[:, row, column]
                    right[:, row, column] = False
        expected = Targets(right, open_)
        loss = directions_loss([(one, other)], queries, candidates, halved, tau)
        assert loss == directions_loss([(one, other)], queries, candidates, expected, tau)
        changed = not torch.equal(right, whole.positives)
        assert changed == (Presence.BOTH in (one, other))


def test_in_a_mixed_contest_a_wrong_answer_in_another_view_costs() -> None:
    right, wrong = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    queries = {Presence.TEXT: View(right, torch.tensor([0]))}
    judged = Targets(torch.tensor([[[True, False]]] * 2), torch.zeros(2, 1, 2, dtype=torch.bool))
    tau, direction = torch.tensor(0.1), (Presence.TEXT, Presence.IMAGE)

    def loss(other: torch.Tensor, place: int) -> float:
        candidates = {
            Presence.IMAGE: View(right, torch.tensor([0])),
            Presence.TEXT: View(other, torch.tensor([place])),
        }
        return directions_loss([direction], queries, candidates, judged, tau, mixed=1.0).item()

    assert loss(right, 1) > 0.3 > loss(wrong, 1)  # another product's text, as near as the picture
    assert loss(right, 0) == 0.0  # its own text is neither right nor wrong: a picture was asked for


def test_entries_are_matched_by_their_places() -> None:
    side = views(4, 0)

    rows, places = shared_entries(side[Presence.IMAGE], side[Presence.TEXT])

    assert rows.tolist() == [0, 2]
    assert places.tolist() == [0, 2]
