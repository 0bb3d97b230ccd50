"""Outlines of emblems and of brand marks, within the unit circle."""

from collections.abc import Callable

import numpy as np

from uniecs.catalog.demo.outlines import Floats, box, ellipse, polygon, smooth, tube


def _spikes(count: int, inner: float, *, outer: float = 1.0) -> Floats:
    angles = np.radians(-90 + np.arange(2 * count) * 180 / count)
    radii = np.where(np.arange(2 * count) % 2 == 0, outer, inner)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def _petals(count: int) -> Floats:
    angles = np.linspace(0, 2 * np.pi, 90)
    radii = 0.62 + 0.38 * np.cos(count * angles)
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)


def _moon() -> Floats:
    outer = ellipse((0, 0), (0.95, 0.95), start=50, stop=310)
    inner = ellipse((0.38, 0), (0.75, 0.75), start=290, stop=70)
    return np.concatenate([outer, inner])


def _heart() -> Floats:
    t = np.linspace(0, 2 * np.pi, 60)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x, y], axis=1) / 17


EMBLEM_OUTLINES: dict[str, Callable[[], list[Floats]]] = {
    "star": lambda: [_spikes(5, 0.42)],
    "heart": lambda: [_heart()],
    "moon": lambda: [_moon()],
    "leaf": lambda: [
        smooth([(0, -1), (0.55, -0.35), (0.45, 0.35), (0, 0.7), (-0.45, 0.35), (-0.55, -0.35)]),
        tube([(0, 0.5), (0.0, 0.75), (0.1, 1.0)], 0.16),
    ],
    "lightning bolt": lambda: [
        polygon((0.25, -1), (-0.55, 0.15), (-0.05, 0.15), (-0.25, 1), (0.6, -0.25), (0.08, -0.25))
    ],
    "drop": lambda: [smooth([(0, -1), (0.35, -0.35), (0.62, 0.3), (0, 0.92), (-0.62, 0.3),
                             (-0.35, -0.35)])],
    "sun": lambda: [_spikes(12, 0.66), ellipse((0, 0), (0.6, 0.6))],
    "diamond": lambda: [polygon((0, -1), (0.68, 0), (0, 1), (-0.68, 0))],
    "crown": lambda: [
        polygon((-0.9, -0.5), (-0.45, 0.05), (0, -0.75), (0.45, 0.05), (0.9, -0.5), (0.75, 0.65),
                (-0.75, 0.65))
    ],
    "flower": lambda: [_petals(6)],
    "fish": lambda: [
        ellipse((-0.15, 0), (0.72, 0.45)),
        polygon((0.35, 0), (0.98, -0.5), (0.98, 0.5)),
    ],
    "pine tree": lambda: [
        polygon((0, -1), (0.5, -0.35), (-0.5, -0.35)),
        polygon((0, -0.65), (0.65, 0.15), (-0.65, 0.15)),
        polygon((0, -0.2), (0.8, 0.65), (-0.8, 0.65)),
        box(-0.14, 0.6, 0.14, 1),
    ],
    "mountain": lambda: [
        polygon((-1, 0.65), (-0.35, -0.65), (0.1, 0.15), (0.4, -0.25), (1, 0.65))
    ],
}  # fmt: skip
"""Emblem -> its outlines."""

GLYPH_OUTLINES: dict[str, Callable[[], list[Floats]]] = {
    "disc": lambda: [ellipse((0, 0), (0.8, 0.8))],
    "ring": lambda: [tube(ellipse((0, 0), (0.7, 0.7)), 0.42)],
    "triangle": lambda: [polygon((0, -0.9), (0.9, 0.75), (-0.9, 0.75))],
    "square": lambda: [box(-0.75, -0.75, 0.75, 0.75)],
    "two bars": lambda: [box(-0.85, -0.7, 0.85, -0.15), box(-0.85, 0.2, 0.85, 0.75)],
    "cross": lambda: [box(-0.9, -0.28, 0.9, 0.28), box(-0.28, -0.9, 0.28, 0.9)],
    "chevron": lambda: [
        polygon((-0.9, -0.3), (0, 0.45), (0.9, -0.3), (0.9, 0.25), (0, 1.0), (-0.9, 0.25))
    ],
    "half disc": lambda: [ellipse((0, -0.3), (0.9, 0.9), start=0, stop=180)],
}
"""Brand mark -> its outlines."""
