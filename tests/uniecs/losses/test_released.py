"""The released nine terms against loops over their equations (UNIECS.md 2.2)."""

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from uniecs.catalog.presence import Presence
from uniecs.losses.released import (
    WEIGHTS,
    Side,
    paired_sides,
    released_loss,
    released_terms,
)
from uniecs.losses.views import View

MakeViews = Callable[..., dict[Presence, View]]
SCALE = 7.0


def sides(count: int = 12) -> tuple[Side, Side]:
    generator = torch.Generator().manual_seed(0)
    parts = [
        F.normalize(torch.randn(count, 6, generator=generator, dtype=torch.float64), dim=1)
        for _ in range(6)
    ]
    return Side(*parts[:3]), Side(*parts[3:])


def dot(a: Tensor, b: Tensor) -> float:
    return sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))


def grid(a: Tensor, b: Tensor, scale: float = 1.0) -> list[list[float]]:
    return [[scale * dot(x, y) for y in b] for x in a]


def entropy(logits: list[list[float]]) -> float:
    rows = [math.log(sum(math.exp(x) for x in row)) - row[i] for i, row in enumerate(logits)]
    return sum(rows) / len(rows)


def mirrored(logits: list[list[float]]) -> list[list[float]]:
    return [list(column) for column in zip(*logits, strict=True)]


def loop_terms(one: Side, other: Side) -> dict[str, float]:
    """The nine equations, term by term."""
    n = len(one.image)
    span = range(n)
    m = grid(one.fused, other.fused, SCALE)
    vm = grid(one.fused, other.image, SCALE)
    tm = grid(one.text, other.fused, SCALE)
    ppm = sum(
        max(0.0, 0.3 * (i != j) + x[i][j] - x[i][i])
        for x in (m, vm, tm)
        for i in span
        for j in span
    ) / (3 * n * n)
    pdc = sum(
        max(0.0, 0.2 + m[i][j] - vm[i][i]) + max(0.0, 0.2 + m[i][j] - tm[i][i])
        for i in span
        for j in span
    ) / (2 * n * n)
    k = min(10, n)
    plc = 0.0
    for i in span:
        for j in sorted(span, key=lambda j, i=i: -m[i][j])[:k]:
            gaps = (vm[i][j] - m[i][j], tm[i][j] - m[i][j], vm[i][j] - tm[i][j])
            plc += sum(max(0.0, gap**2 - 0.05) for gap in gaps)
    aligned = sum(
        2 - sum(dot(x, f) for x, f in zip(own, one.fused, strict=True)) / n
        for own in (one.image, one.text)
    )
    v2t = grid(one.image, other.text, 1 / 0.07)
    v2v = grid(one.image, other.image, 1 / 0.05)
    hinge = 0.0
    for i in span:
        hardest = sorted((v2v[i][j] for j in span if j != i), reverse=True)[: n // 2]
        hinge += sum(max(0.0, 0.2 + x - v2v[i][i]) for x in hardest) / len(hardest) / n
    return {
        "ppm": ppm,
        "pdc": pdc,
        "plc": plc / (3 * n * k),
        "alignment": aligned / 2,
        "v2t": (entropy(v2t) + entropy(mirrored(v2t))) / 2,
        "v2f": entropy(grid(one.fused, other.image, 1 / 0.07)),
        "t2f": entropy(grid(one.text, other.fused, 1 / 0.07)),
        "v2v": entropy(v2v) + hinge,
        "t2t": entropy(grid(one.text, other.text, 1 / 0.03)),
    }


def test_every_term_equals_its_loop() -> None:
    one, other = sides()

    terms = released_terms(one, other, torch.tensor(SCALE, dtype=torch.float64))

    expected = loop_terms(one, other)
    assert terms.keys() == expected.keys() == WEIGHTS.keys()
    for name, value in expected.items():
        assert terms[name].item() == pytest.approx(value, abs=1e-10), name


def test_the_loss_is_their_weighed_mean() -> None:
    one, other = sides()
    expected = loop_terms(one, other)

    loss = released_loss(one, other, torch.tensor(SCALE, dtype=torch.float64)).item()

    weighed = sum(WEIGHTS[name] * value for name, value in expected.items())
    assert loss == pytest.approx(weighed / sum(WEIGHTS.values()), abs=1e-10)


def test_the_loss_has_the_gradient_of_its_equations() -> None:
    one, other = sides(5)
    tensors = (one.image, one.text, one.fused, other.image, other.text, other.fused)
    scale = torch.tensor(SCALE, dtype=torch.float64, requires_grad=True)

    def loss(*parts: Tensor) -> Tensor:
        return released_loss(Side(*parts[:3]), Side(*parts[3:6]), parts[6])

    assert torch.autograd.gradcheck(loss, (*(t.requires_grad_() for t in tensors), scale))


def test_only_pairs_with_all_views_on_both_sides_are_compared(make_views: MakeViews) -> None:
    queries, candidates = make_views(9, 0), make_views(9, 1)

    found = paired_sides(queries, candidates)

    assert found is not None
    assert len(found[0].image) == sum(row % 4 in (0, 3) for row in range(9))
    rows = queries[Presence.IMAGE].places.tolist().index(3)
    assert torch.equal(found[0].image[1], queries[Presence.IMAGE].vectors[rows])
    assert paired_sides({Presence.TEXT: queries[Presence.TEXT]}, candidates) is None
