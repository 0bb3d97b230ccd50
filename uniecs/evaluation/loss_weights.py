"""Weights of the loss families over a training run, read from its history."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from uniecs.errors import DataError
from uniecs.evaluation.part import Part

POINTS = 200
"""Longer histories are averaged down to this many points."""

ROWS = TypeAdapter(list[dict[str, Any]])

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
    rows = [row for row in _rows(history) if any(name.startswith(_WEIGHT) for name in row)]
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


def _rows(history: Path) -> list[dict[str, Any]]:
    """Rows in their order; a kill may have cut the last line short."""
    try:
        lines = history.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        return ROWS.validate_python([json.loads(line) for line in whole])
    except (OSError, ValueError) as error:
        raise DataError(
            f"{history}: not the history of a training run ({error}); remove it, or train again."
        ) from error
