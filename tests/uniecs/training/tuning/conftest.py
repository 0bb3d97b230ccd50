"""A small space to search, and trials of it."""

from typing import Any

import pytest

from tests.uniecs.training.conftest import RESNET, TINY
from uniecs.training.tuning.plan import SearchPlan
from uniecs.training.tuning.space import Choices, Range, Space
from uniecs.training.tuning.study import Trial

SETTINGS = (RESNET, *TINY, "run.epochs=1", "run.validate_every=1")
WITH_SOURCE = tuple(s.replace('"type": "bert"', '"type": "bert", "source": null') for s in SETTINGS)
SPACE: Space = {
    "optimizer.lr": Range(low=1e-4, high=1e-2, log=True),
    "loss.weighting": Choices(choices=("uncertainty", "fixed")),
}


@pytest.fixture(scope="module")
def plan() -> SearchPlan:
    return SearchPlan.of("small", SETTINGS, SPACE)


def made(number: int, macro: float, **settings: Any) -> Trial:
    """A finished trial whose value grows over two validations."""
    return Trial(
        number=number,
        state="finished",
        settings=settings,
        validations={4: macro / 2, 8: macro},
        model_version=f"m{number}",
    )
