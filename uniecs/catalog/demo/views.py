"""Views of a product: projective maps from object space to pixels."""

import numpy as np

from uniecs.catalog.demo.outlines import Floats

SIDE = 256
"""Width and height of a picture, px."""

VIEWS_OF_A_PRODUCT: tuple[str, ...] = ("front", "angled", "side", "flipped", "zoomed")
"""Ways to photograph one product."""

_HALF = 96.0
"""Pixels per unit of object space in the front view."""


def projection(view: str, side_width: float, rng: np.random.Generator) -> Floats:
    """Homography [3, 3] of a view, with the small differences between two real photographs.

    Args:
        view: One of ``VIEWS_OF_A_PRODUCT``.
        side_width: Width of the object in the side view, as a share of its front width.
        rng: Source of the differences.
    """
    tilt = rng.uniform(-3, 3)
    scale = _HALF * rng.uniform(0.93, 1.07)
    x, y = SIDE / 2 + rng.uniform(-7, 7, size=2)
    squeeze, lean, depth = 1.0, 0.0, 0.0
    if view == "angled":
        squeeze, lean, depth = 0.88, 0.1, 0.2
        tilt += rng.uniform(5, 10)
    elif view == "side":
        squeeze, lean, depth = side_width, -0.06, -0.28
    elif view == "flipped":
        squeeze = -1.0
        tilt -= rng.uniform(2, 6)
    elif view == "zoomed":
        scale *= rng.uniform(1.3, 1.5)
        y += rng.uniform(-14, 14)
        x += rng.uniform(-14, 14)
    turn = np.radians(tilt)
    rotate = np.array(
        [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    )
    shape = np.array([[squeeze, 0, 0], [lean * squeeze, 1, 0], [depth, 0, 1]])
    place = np.array([[scale, 0, x], [0, scale, y], [0, 0, 1]])
    return np.asarray(place @ rotate @ shape, dtype=np.float64)


def project(matrix: Floats, points: Floats) -> Floats:
    """Pixel positions [points, 2] of points of object space."""
    lifted = np.concatenate([points, np.ones((len(points), 1))], axis=1) @ matrix.T
    return np.asarray(lifted[:, :2] / lifted[:, 2:], dtype=np.float64)
