"""Weights of the loss families over a training run, read from its history."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from uniecs.errors import DataError
from uniecs.evaluation.part import Part

POINTS = 200
"""Longer histories are averaged down to this many points."""

_WEIGHT = "weight_"


class LossWeights(Part):
    """Weights over training.

    Attributes:
        steps: [P] optimizer steps.
        weights: Family -> [P] its weight, averaged over the steps since the point before.
    """

    steps: list[int]
    weights: dict[str, list[float]]


def read_loss_weights(history: Path) -> LossWeights | None:
    """The weights that a training run wrote into its ``history.jsonl``.

    Returns:
        None when the run recorded no weights.

    Raises:
        DataError: When the file cannot be read.
    """
    try:
        rows = [row for row in _rows(history) if any(name.startswith(_WEIGHT) for name in row)]
    except (OSError, ValueError) as error:
        raise DataError(
            f"{history}: not the history of a training run ({error}); name another, or none."
        ) from error
    if not rows:
        return None
    names = [name for name in rows[0] if name.startswith(_WEIGHT)]
    parts = np.array_split(np.arange(len(rows)), min(POINTS, len(rows)))
    return LossWeights(
        steps=[int(rows[part[-1]]["step"]) for part in parts],
        weights={
            name.removeprefix(_WEIGHT): [
                float(np.mean([rows[row].get(name, 0.0) for row in part])) for part in parts
            ]
            for name in names
        },
    )


def _rows(history: Path) -> Iterator[dict[str, Any]]:
    for line in history.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)
