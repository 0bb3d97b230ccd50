"""Adaptive weights: units cancel, noise is weighed down, bounds hold."""

import math

import pytest
import torch

from uniecs.losses.config import LossConfig
from uniecs.losses.temperature import Temperatures
from uniecs.losses.weighting import (
    EMA_DECAY,
    RULES,
    AverageWeighting,
    FixedWeighting,
    UncertaintyWeighting,
    build_weighting,
)


def test_units_of_a_family_do_not_matter() -> None:
    small, large = UncertaintyWeighting(("a", "b")), UncertaintyWeighting(("a", "b"))
    for value in (1.0, 0.5, 0.8):
        one = small({"a": torch.tensor(value), "b": torch.tensor(1.0)})
        other = large({"a": torch.tensor(1000 * value), "b": torch.tensor(1.0)})

        assert torch.isclose(one, other)


def test_it_equals_its_equation() -> None:
    weighting = UncertaintyWeighting(("a", "b"))
    weighting({"a": torch.tensor(2.0), "b": torch.tensor(4.0)})
    with torch.no_grad():
        weighting.u.copy_(torch.tensor([0.5, -0.25]))
    weighting.eval()

    loss = weighting({"a": torch.tensor(1.0), "b": torch.tensor(6.0)})

    expected = math.exp(-0.5) * 1.0 / 2.0 + 0.5 + math.exp(0.25) * 6.0 / 4.0 - 0.25
    assert math.isclose(loss.item(), expected, rel_tol=1e-5)


def test_a_family_that_stays_high_is_weighed_down() -> None:
    weighting = UncertaintyWeighting(("falls", "stays"))
    optimizer = torch.optim.SGD(weighting.parameters(), lr=0.1)
    for step in range(200):
        loss = weighting({"falls": torch.tensor(1.0 / (step + 1)), "stays": torch.tensor(1.0)})
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    assert weighting.weights()["falls"] > weighting.weights()["stays"]


def test_weights_stay_within_their_bounds() -> None:
    weighting = UncertaintyWeighting(("a",))
    with torch.no_grad():
        weighting.u.fill_(50.0)
    weighting.after_step()

    assert math.isclose(weighting.weights()["a"], math.exp(-3.0), rel_tol=1e-5)


def test_a_weight_at_its_bound_can_come_back() -> None:
    weighting = UncertaintyWeighting(("a",))
    with torch.no_grad():
        weighting.u.fill_(3.0)

    weighting({"a": torch.tensor(1.0)}).backward()

    assert weighting.u.grad.item() == pytest.approx(1 - math.exp(-3.0), rel=1e-4)


def test_the_average_rule_equals_its_equation() -> None:
    weighting = AverageWeighting(("falls", "stays"))
    epochs = [(4.0, 4.0), (2.0, 4.0), (1.0, 4.0)]
    seen = []
    for falls, stays in epochs:
        for _ in range(3):
            weighting({"falls": torch.tensor(falls), "stays": torch.tensor(stays)})
        weighting.end_epoch()
        seen.append(weighting.weights())

    assert seen[0] == {"falls": 1.0, "stays": 1.0}
    for before, after, weights in zip(epochs[:-1], epochs[1:], seen[1:], strict=True):
        powers = [math.exp(after[k] / before[k] / 2) for k in range(2)]
        assert weights["falls"] == pytest.approx(2 * powers[0] / sum(powers), rel=1e-5)
        assert sum(weights.values()) == pytest.approx(2, rel=1e-5)


def test_fixed_weights_stay_and_cancel_units() -> None:
    weighting = FixedWeighting(("a", "b"))

    loss = weighting({"a": torch.tensor(100.0), "b": torch.tensor(0.1)})

    assert loss.item() == pytest.approx(2.0, rel=1e-5)
    assert weighting.weights() == {"a": 1.0, "b": 1.0}


@pytest.mark.parametrize("rule", RULES)
def test_a_share_scales_the_whole_term_of_its_family(rule: str) -> None:
    whole, half = RULES[rule](("a", "b")), RULES[rule](("a", "b"), {"b": 0.25})
    one, other = (torch.tensor([2.0, 6.0], requires_grad=True) for _ in range(2))

    whole({"a": one[0], "b": one[1]}).backward()
    half({"a": other[0], "b": other[1]}).backward()

    assert torch.allclose(other.grad, one.grad * torch.tensor([1.0, 0.25]))
    assert half.weights() == {"a": 1.0, "b": 0.25}


def weighed(weighting: FixedWeighting, losses: list[float], seen: list[list[float]]) -> float:
    """A rule's loss by its equation, family by family, after losses that were ``seen``."""
    total = 0.0
    for k, loss in enumerate(losses):
        mean = 0.0
        for earlier in seen:
            mean = EMA_DECAY * mean + (1 - EMA_DECAY) * earlier[k]
        term = loss / (mean / (1 - EMA_DECAY ** len(seen)))
        if isinstance(weighting, UncertaintyWeighting):
            u = weighting.u[k].item()
            term = math.exp(-u) * term + u
        if isinstance(weighting, AverageWeighting):
            term *= float(weighting.current[k])
        total += float(weighting.shares[k]) * term
    return total


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_equals_its_loop_in_float64_and_so_does_its_gradient(rule: str) -> None:
    names = ("a", "b", "c")
    weighting = RULES[rule](names, {"b": 0.25}).double()
    seen = [[4.0, 0.5, 2.0], [2.0, 0.4, 2.0], [1.0, 0.5, 1.5]]
    for values in seen:
        weighting(dict(zip(names, torch.tensor(values, dtype=torch.float64), strict=True)))
        weighting.end_epoch()
    with torch.no_grad():
        for parameter in weighting.parameters():
            parameter.copy_(torch.tensor([0.5, -0.25, 0.1]))
    weighting.eval()
    losses = torch.tensor([0.9, 0.7, 1.3], dtype=torch.float64, requires_grad=True)

    def total(given: torch.Tensor, *_parameters: torch.Tensor) -> torch.Tensor:
        return weighting(dict(zip(names, given, strict=True)))

    expected = weighed(weighting, losses.tolist(), seen)
    assert total(losses).item() == pytest.approx(expected, rel=1e-12)
    assert torch.autograd.gradcheck(total, (losses, *weighting.parameters()))


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_restored_from_its_state(rule: str) -> None:
    config = LossConfig(weighting=rule)
    one, other = build_weighting(config), build_weighting(config)
    values = {name: torch.tensor(0.5 + k) for k, name in enumerate(config.families)}
    for _ in range(3):
        one(values)
        one.end_epoch()

    other.load_state_dict(one.state_dict())

    assert torch.equal(one(values), other(values))


def test_a_temperature_at_its_bound_still_learns() -> None:
    temperatures = Temperatures(("a",))
    with torch.no_grad():
        temperatures.log_tau.fill_(math.log(0.1))
    temperatures.keep_in_range()

    temperatures()["a"].backward()

    assert temperatures.log_tau.grad is not None
    assert temperatures.log_tau.grad.item() == pytest.approx(0.1, rel=1e-4)


def test_temperatures_are_kept_in_range() -> None:
    temperatures = Temperatures(("a", "b"))
    with torch.no_grad():
        temperatures.log_tau.copy_(torch.tensor([-20.0, 5.0]))
    temperatures.keep_in_range()

    taus = temperatures()

    assert math.isclose(taus["a"].item(), 0.01, rel_tol=1e-5)
    assert math.isclose(taus["b"].item(), 0.1, rel_tol=1e-5)
