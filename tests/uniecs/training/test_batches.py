"""What a batch hides, adds and leaves open."""

from copy import copy

import torch

from tests.uniecs.training.conftest import Parts
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.training.batches import Plan
from uniecs.training.lookalikes import lookalike_texts
from uniecs.training.near_duplicates import NearDuplicates
from uniecs.training.views import entry_views

TEXT = Presence.TEXT


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def share(plan: Plan, presence: Presence, rows: list[int]) -> float:
    return sum(plan.fused[row] is presence for row in rows) / len(rows)


def test_without_dropout_every_side_keeps_what_it_has(parts: Parts) -> None:
    plan = parts.batcher(words=0, modality=0).plan(parts.pairs, seeded())

    has = [side.presence for side in plan.sides]
    assert plan.presence == has
    assert plan.fused == has
    assert not plan.hidden.any()


def test_modality_dropout_takes_one_of_two_from_the_fused_view_alone(parts: Parts) -> None:
    plan = parts.batcher(modality=0.3).plan(parts.pairs, seeded())

    composed = {row for row, pair in enumerate(parts.pairs) if pair.kind == "composed"}
    both = [r for r, has in enumerate(plan.presence) if has is Presence.BOTH and r not in composed]
    assert 0.1 < share(plan, Presence.IMAGE, both) < 0.32  # 0.3 * 0.7 = 0.21
    assert 0.1 < share(plan, Presence.TEXT, both) < 0.32
    for row, has in enumerate(plan.presence):
        if row in composed or has is not Presence.BOTH:
            assert plan.fused[row] is has
    for view in VIEWS:
        rows = set(plan.view_rows[view].tolist())
        assert rows >= {row for row in both if view in plan.presence[row]}


def test_what_is_right_knows_what_the_fused_views_show(parts: Parts) -> None:
    plan = parts.batcher(modality=0.5).plan(parts.pairs[:24], seeded())

    assert plan.targets.shown is not None
    assert torch.cat(plan.targets.shown).tolist() == plan.fused
    assert {Presence.IMAGE, Presence.TEXT, Presence.BOTH} == set(plan.fused)


def test_a_fused_view_that_lost_its_picture_is_the_text_view(parts: Parts) -> None:
    batcher = parts.batcher(words=0, modality=0.4)
    plan = batcher.plan(parts.pairs[:20], seeded(3))
    model = parts.build().eval()

    with torch.inference_mode():
        views = entry_views(model, parts.processor, batcher.inputs(plan))

    lost = [row for row in plan.view_rows[Presence.BOTH].tolist() if plan.fused[row] in (1, 2)]
    assert lost
    for row in lost:
        fused, single = views[Presence.BOTH], views[plan.fused[row]]
        own = fused.vectors[fused.places.tolist().index(row)]
        assert torch.allclose(own, single.vectors[single.places.tolist().index(row)], atol=1e-12)


def test_a_composed_query_is_never_halved(parts: Parts) -> None:
    plan = parts.batcher().plan(parts.pairs, seeded())

    composed = {row for row, pair in enumerate(parts.pairs) if pair.kind == "composed"}
    assert composed
    for view in (Presence.IMAGE, Presence.TEXT):
        assert not composed & set(plan.view_rows[view].tolist())


def test_a_mismatched_listing_answers_nothing_and_is_only_meant_whole(parts: Parts) -> None:
    rows = {r: (r + 7) % len(parts.catalog.products) for r in range(len(parts.catalog.products))}
    plain = parts.batcher(modality=0).plan(parts.pairs, seeded())
    plan = parts.batcher(modality=0, lookalikes=rows, mismatched=1.0).plan(parts.pairs, seeded())

    added = len(plan.sides) - len(plain.sides)
    first = len(plan.sides) - added
    assert added > len(parts.pairs) / 2
    assert not plan.targets.positives[:, :, first - plan.queries :].any()
    assert not plan.targets.excluded[:, :, first - plan.queries :].any()
    assert not plan.targets.unseen[: first - plan.queries].any()
    halves = plan.targets.unseen[first - plan.queries :].tolist()
    assert {Presence.IMAGE, Presence.TEXT} == set(halves)
    products = parts.training.shown(parts.catalog.products)
    for row, half in zip(range(first, len(plan.sides)), halves, strict=True):
        side = plan.sides[row]
        own = products[parts.relations.row[side.product_id]]
        assert (side.image == own.image) == (half == Presence.IMAGE)
        assert (side.text == own.full_text) == (half == Presence.TEXT)
        assert row in plan.view_rows[Presence.BOTH]
        assert row not in plan.view_rows[Presence.TEXT]


def test_near_duplicates_are_neither_right_nor_wrong(parts: Parts) -> None:
    one, other = parts.pairs[0], parts.pairs[40]
    rows = [parts.relations.row[p.candidate.product_id] for p in (one, other)]
    assert rows[0] != rows[1]
    apart = parts.batcher().plan([one, other], seeded())

    alike = NearDuplicates(len(parts.catalog.products), [(rows[0], rows[1])])
    near = parts.batcher(near=alike).plan([one, other], seeded())

    assert not apart.targets.excluded[:, 0, 1].any()
    assert near.targets.excluded[:, 0, 1].all()
    assert near.targets.positives[:, 0, 0].all()
    assert not (near.targets.positives & near.targets.excluded).any()


def test_the_listing_that_a_query_was_taken_from_is_neither_right_nor_wrong(parts: Parts) -> None:
    one = next(p for p in parts.pairs if p.kind == "listing")
    sibling = next(p for p in parts.pairs if p.candidate.product_id == one.query.product_id)

    targets = parts.batcher().plan([one, sibling], seeded()).targets

    assert targets.positives[:, 0, 0].all()
    assert targets.excluded[:, 0, 1].all()
    assert not targets.positives[:, 0, 1].any()


def test_what_a_composed_query_changes_stays_wrong(parts: Parts) -> None:
    pair = next(p for p in parts.pairs if p.kind == "composed")

    plan = parts.batcher().plan([pair], seeded())

    column = [s.product_id for s in plan.sides[1:]].index(pair.refuse)
    assert not plan.targets.positives[:, 0, column].any()
    assert not plan.targets.excluded[:, 0, column].any()


def test_a_view_that_shows_its_text_alone_does_not_avoid_the_same_title(parts: Parts) -> None:
    whole = [
        p for p in parts.pairs
        if p.kind != "composed" and p.query.presence == p.candidate.presence == Presence.BOTH
    ]  # fmt: skip
    pairs = [whole[0], whole[30]]
    batcher = parts.batcher(modality=0.5)
    batcher.relations = copy(parts.relations)
    rows = [parts.relations.row[p.candidate.product_id] for p in pairs]
    batcher.relations.title = parts.relations.title.copy()
    batcher.relations.title[rows] = -1
    assert parts.relations.group[rows[0]] != parts.relations.group[rows[1]]

    plans = [batcher.plan(pairs, seeded(number)) for number in range(40)]

    for plan in plans:
        halved = TEXT in (plan.fused[0], plan.fused[3])
        assert bool(plan.targets.excluded[0, 0, 1]) == halved
        assert plan.targets.positives[1, 0, 1]
    assert {TEXT in (plan.fused[0], plan.fused[3]) for plan in plans} == {True, False}


def test_nothing_held_out_is_shown_by_any_side(parts: Parts) -> None:
    held = parts.training.held
    products = parts.training.shown(parts.catalog.products)
    rows = [parts.relations.row[product_id] for product_id in parts.training.listings]
    batcher = parts.batcher(
        products=products, lookalikes=lookalike_texts(products, rows), mismatched=1.0
    )

    for side in batcher.plan(parts.pairs, seeded()).sides:
        assert not held.holds_text(side.text)
        assert not side.image or parts.training.digests.of(side.image) not in held.pictures


def test_parts_of_a_plan_are_the_plan(parts: Parts) -> None:
    batcher = parts.batcher()
    plan = batcher.plan(parts.pairs[:30], seeded(4))
    whole = batcher.inputs(plan)

    halves = [batcher.inputs(plan, 0, 25), batcher.inputs(plan, 25)]

    assert torch.equal(torch.cat([half.fused for half in halves]), whole.fused)
    assert torch.equal(torch.cat([half.pixels for half in halves]), whole.pixels)
    for view in VIEWS:
        rows = [half.view_rows[view] for half in halves if view in half.view_rows]
        assert torch.equal(torch.cat(rows), plan.view_rows[view])
    valid = [
        (ids[mask.bool()].tolist())
        for part in halves
        for ids, mask in zip(part.input_ids, part.attention_mask, strict=True)
    ]
    expected = zip(whole.input_ids, whole.attention_mask, strict=True)
    assert valid == [ids[mask.bool()].tolist() for ids, mask in expected]
