"""Small batches of views in float64, with entries that lack a modality."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from uniecs.catalog.presence import Presence
from uniecs.losses.views import Targets, View

Views = dict[Presence, View]


@pytest.fixture
def make_views() -> Callable[..., Views]:
    def make(count: int, seed: int, *, gaps: bool = True) -> Views:
        generator = torch.Generator().manual_seed(seed)
        rows = {
            Presence.IMAGE: [row for row in range(count) if not gaps or row % 4 != 1],
            Presence.TEXT: [row for row in range(count) if not gaps or row % 4 != 2],
        }
        rows[Presence.BOTH] = sorted({*rows[Presence.IMAGE]} & {*rows[Presence.TEXT]})
        return {
            presence: View(
                F.normalize(
                    torch.randn(len(r), 8, generator=generator, dtype=torch.float64), dim=1
                ).requires_grad_(),
                torch.tensor(r),
            )
            for presence, r in rows.items()
        }

    return make


@pytest.fixture
def make_targets() -> Callable[..., Targets]:
    def make(count: int) -> Targets:
        right = torch.eye(count, dtype=torch.bool)
        with_title = right.clone()
        with_title[0, 1] = with_title[1, 0] = True
        variant = torch.zeros(count, count, dtype=torch.bool)
        variant[0, count - 1] = variant[count - 1, 0] = True
        return Targets(
            torch.stack([right, with_title]), torch.stack([variant, torch.zeros_like(variant)])
        )

    return make
