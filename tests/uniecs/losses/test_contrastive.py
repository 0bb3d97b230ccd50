"""InfoNCE against a double loop in float64, and its gradient against finite differences."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from uniecs.losses.contrastive import multi_positive_nce


def loop_nce(cosines: Tensor, positives: Tensor, excluded: Tensor, tau: float) -> float:
    """The equation, term by term."""
    losses = []
    for i in range(len(cosines)):
        right = [j for j in range(cosines.shape[1]) if positives[i, j]]
        counted = [j for j in range(cosines.shape[1]) if not excluded[i, j]]
        if right:
            above = sum(math.exp(cosines[i, j].item() / tau) for j in right)
            below = sum(math.exp(cosines[i, j].item() / tau) for j in counted)
            losses.append(-math.log(above / below))
    return sum(losses) / len(losses) if losses else 0.0


def problem(rows: int, columns: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    cosines = torch.rand(rows, columns, generator=generator, dtype=torch.float64) * 2 - 1
    positives = torch.rand(rows, columns, generator=generator) < 0.3
    excluded = (torch.rand(rows, columns, generator=generator) < 0.3) & ~positives
    return cosines, positives, excluded


@given(rows=st.integers(1, 6), columns=st.integers(1, 6), seed=st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_it_equals_the_double_loop(rows: int, columns: int, seed: int) -> None:
    cosines, positives, excluded = problem(rows, columns, seed)
    tau = torch.tensor(0.07, dtype=torch.float64)

    assert multi_positive_nce(cosines, positives, excluded, tau).item() == pytest.approx(
        loop_nce(cosines, positives, excluded, 0.07), abs=1e-10
    )


def test_its_gradient_is_the_finite_difference() -> None:
    cosines, positives, excluded = problem(4, 5, seed=1)
    tau = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(
        lambda c, t: multi_positive_nce(c, positives, excluded, t), (cosines.requires_grad_(), tau)
    )


def test_an_excluded_candidate_neither_helps_nor_hurts() -> None:
    cosines, positives, excluded = problem(4, 5, seed=2)
    positives[:, 0], excluded[:, 0] = False, True
    tau = torch.tensor(0.07, dtype=torch.float64)
    before = multi_positive_nce(cosines, positives, excluded, tau)
    cosines[:, 0] = 0.99

    assert torch.equal(before, multi_positive_nce(cosines, positives, excluded, tau))


def test_rows_without_a_positive_say_nothing() -> None:
    cosines = torch.zeros(3, 3, requires_grad=True)
    nothing = torch.zeros(3, 3, dtype=torch.bool)

    loss = multi_positive_nce(cosines, nothing, nothing, torch.tensor(0.05))
    loss.backward()

    assert loss.item() == 0.0
    assert torch.equal(cosines.grad, torch.zeros(3, 3))


def test_half_precision_cosines_stay_finite() -> None:
    cosines = torch.ones(3, 3, dtype=torch.bfloat16)
    positives = torch.eye(3, dtype=torch.bool)

    loss = multi_positive_nce(cosines, positives, ~positives, torch.tensor(0.01))

    assert loss.isfinite()
