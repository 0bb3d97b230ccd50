"""Adaptive weights: units cancel, noise is weighed down, bounds hold."""

import math

import torch

from uniecs.losses.weighting import Temperatures, UncertaintyWeighting


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

    assert math.isclose(weighting.weights()["a"], math.exp(-3.0), rel_tol=1e-5)


def test_temperatures_are_kept_in_range() -> None:
    temperatures = Temperatures(("a", "b"))
    with torch.no_grad():
        temperatures.log_tau.copy_(torch.tensor([-20.0, 5.0]))
    temperatures.keep_in_range()

    taus = temperatures()

    assert math.isclose(taus["a"].item(), 0.01, rel_tol=1e-5)
    assert math.isclose(taus["b"].item(), 0.1, rel_tol=1e-5)
