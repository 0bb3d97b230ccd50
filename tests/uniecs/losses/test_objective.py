"""The objective that a config names trains what it says, and logs what it does."""

from collections.abc import Callable

import pytest
import torch

from uniecs.catalog.presence import Presence
from uniecs.losses.config import LossConfig
from uniecs.losses.objective import build_objective
from uniecs.losses.views import Targets, View

MakeViews = Callable[..., dict[Presence, View]]
MakeTargets = Callable[[int], Targets]


@pytest.mark.parametrize("objective", ["uniecs", "released", "clip"])
def test_every_objective_reaches_the_vectors_and_its_own_parameters(
    make_views: MakeViews, make_targets: MakeTargets, objective: str
) -> None:
    module = build_objective(LossConfig(objective=objective)).double()
    queries, candidates = make_views(8, 0), make_views(8, 1)

    loss, logged = module(queries, candidates, make_targets(8))
    loss.backward()

    assert all(p.grad is not None for p in module.parameters())
    trained = [v.vectors.grad.any() for v in queries.values() if v.vectors.grad is not None]
    assert any(trained)
    assert all(isinstance(value, float) for value in logged.values())


def test_a_family_that_is_left_out_is_not_logged(
    make_views: MakeViews, make_targets: MakeTargets
) -> None:
    module = build_objective(LossConfig(shares={"alignment": 1, "local": 0, "intra": 0.5}))

    _, logged = module(make_views(8, 0), make_views(8, 1), make_targets(8))

    assert set(logged) == {
        f"{what}_{family}"
        for what in ("loss", "weight", "tau")
        for family in ("alignment", "intra")
    }


def test_clip_sees_no_fused_vector(make_views: MakeViews, make_targets: MakeTargets) -> None:
    queries, candidates = make_views(8, 0), make_views(8, 1)

    build_objective(LossConfig(objective="clip"))(queries, candidates, make_targets(8))[
        0
    ].backward()

    assert queries[Presence.BOTH].vectors.grad is None
    assert queries[Presence.TEXT].vectors.grad.any()


def test_the_released_loss_of_a_batch_without_whole_pairs_is_nothing(
    make_views: MakeViews, make_targets: MakeTargets
) -> None:
    texts = {Presence.TEXT: make_views(4, 0)[Presence.TEXT]}

    loss, _ = build_objective(LossConfig(objective="released"))(texts, texts, make_targets(4))
    loss.backward()

    assert loss.item() == 0


def test_the_released_scale_is_kept_in_range() -> None:
    module = build_objective(LossConfig(objective="released"))
    with torch.no_grad():
        module.logit_scale.fill_(9.0)

    module.after_step()

    assert module.logit_scale.item() == 3.0


def test_a_config_that_trains_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="every family has share 0"):
        LossConfig(shares=dict.fromkeys(("alignment", "local", "intra"), 0))
