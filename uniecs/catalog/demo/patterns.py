"""Surface patterns: how much of the second colour shows at each point of object space."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Grid = npt.NDArray[np.floating[Any]]
"""One float32 value per pixel, [height, width]."""

Pattern = Callable[[Grid, Grid, float], Grid]


_LESS = 0.36
"""Moves waves down, so that the main colour keeps most of the area and names the product."""


def _crisp(wave: Grid, frequency: float) -> Grid:
    """Turn a wave into flat areas whose edges are about one pixel wide."""
    steepness = 14.0 / max(frequency, 1.0)
    weights: Grid = np.clip(wave * steepness + 0.5, 0, 1)
    return weights


def _turns(grid: Grid, frequency: float) -> Grid:
    return grid * (2 * np.pi * frequency)


def _striped(_u: Grid, v: Grid, scale: float) -> Grid:
    frequency = 2.6 * scale
    return _crisp(np.sin(_turns(v, frequency)) - _LESS, frequency)


def _pinstriped(u: Grid, _v: Grid, scale: float) -> Grid:
    frequency = 3.6 * scale
    return _crisp(np.sin(_turns(u, frequency)) - 0.72, frequency)


def _diagonal(u: Grid, v: Grid, scale: float) -> Grid:
    frequency = 2.4 * scale
    return _crisp(np.sin(_turns((u + v) * 0.7071, frequency)) - _LESS, frequency)


def _dotted(u: Grid, v: Grid, scale: float) -> Grid:
    cell = 0.34 / scale
    row = np.floor(v / cell)
    x = np.mod(u / cell + 0.5 * row, 1) - 0.5
    y = np.mod(v / cell, 1) - 0.5
    radius = np.hypot(x, y)
    weights: Grid = np.clip((0.29 - radius) * (26 * cell) + 0.5, 0, 1)
    return weights


def _checked(u: Grid, v: Grid, scale: float) -> Grid:
    frequency = 2.0 * scale
    across = _crisp(np.sin(_turns(u, frequency)) - _LESS, frequency)
    down = _crisp(np.sin(_turns(v, frequency)) - _LESS, frequency)
    weights: Grid = (across + down) * 0.5
    return weights


def _zigzag(u: Grid, v: Grid, scale: float) -> Grid:
    frequency = 2.2 * scale
    peak = np.abs(np.mod(u * (2.4 * scale), 1) - 0.5) * 0.55
    return _crisp(np.sin(_turns(v + peak / scale, frequency)) - _LESS, frequency)


def _floral(u: Grid, v: Grid, scale: float) -> Grid:
    cell = 0.46 / scale
    row = np.floor(v / cell)
    x = np.mod(u / cell + 0.5 * row, 1) - 0.5
    y = np.mod(v / cell, 1) - 0.5
    radius = np.hypot(x, y)
    petals = 0.29 + 0.13 * np.cos(5 * np.arctan2(y, x))
    flower = np.clip((petals - radius) * (34 * cell) + 0.5, 0, 1)
    heart = np.clip((0.1 - radius) * (34 * cell) + 0.5, 0, 1)
    weights: Grid = flower - heart
    return weights


def _colour_block(_u: Grid, v: Grid, scale: float) -> Grid:
    edge = 0.16 + 0.3 * (scale - 1.0)
    weights: Grid = np.clip((v - edge) * 90 + 0.5, 0, 1)
    return weights


def _ombre(_u: Grid, v: Grid, scale: float) -> Grid:
    weights: Grid = np.clip(v * (0.75 * scale) + 0.3, 0, 1)
    return weights


PATTERN_WEIGHTS: dict[str, Pattern] = {
    "striped": _striped,
    "pinstriped": _pinstriped,
    "diagonal": _diagonal,
    "dotted": _dotted,
    "checked": _checked,
    "zigzag": _zigzag,
    "floral": _floral,
    "colour-block": _colour_block,
    "ombre": _ombre,
}
"""Pattern -> weights of the second colour, [height, width] in 0..1; ``solid`` has none."""
