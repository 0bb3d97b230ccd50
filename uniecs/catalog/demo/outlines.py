"""Outlines in object space: closed polygons of x (right) and y (down), an object fills [-1, 1]."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]


def polygon(*points: Point) -> Floats:
    """Straight edges through the points, [points, 2]."""
    return np.array(points, dtype=np.float64)


def ellipse(center: Point, radii: Point, *, start: float = 0.0, stop: float = 360.0) -> Floats:
    """An ellipse, or the part of it between two angles in degrees (0 is right, 90 is down)."""
    angles = np.radians(np.linspace(start, stop, 49))
    return np.stack(
        [center[0] + radii[0] * np.cos(angles), center[1] + radii[1] * np.sin(angles)], axis=1
    )


def box(left: float, top: float, right: float, bottom: float, *, radius: float = 0.0) -> Floats:
    """A rectangle with corners of that radius."""
    if radius <= 0:
        return polygon((left, top), (right, top), (right, bottom), (left, bottom))
    corners = (
        ((right - radius, top + radius), -90.0),
        ((right - radius, bottom - radius), 0.0),
        ((left + radius, bottom - radius), 90.0),
        ((left + radius, top + radius), 180.0),
    )
    return np.concatenate(
        [_arc(center, radius, start) for center, start in corners],
    )


def _arc(center: Point, radius: float, start: float) -> Floats:
    angles = np.radians(np.linspace(start, start + 90, 7))
    return np.stack(
        [center[0] + radius * np.cos(angles), center[1] + radius * np.sin(angles)], axis=1
    )


def smooth(points: Sequence[Point], *, closed: bool = True) -> Floats:
    """A Catmull-Rom curve through the points; closed outlines or open paths."""
    knots = np.array(points, dtype=np.float64)
    if closed:
        padded = np.concatenate([knots[-1:], knots, knots[:2]])
    else:
        padded = np.concatenate([knots[:1], knots, knots[-1:]])
    t = np.linspace(0, 1, 8, endpoint=False)[:, None]
    pieces = []
    for index in range(len(padded) - 3):
        a, b, c, d = padded[index : index + 4]
        pieces.append(
            0.5
            * (
                2 * b
                + (c - a) * t
                + (2 * a - 5 * b + 4 * c - d) * t**2
                + (3 * b - a - 3 * c + d) * t**3
            )
        )
    if not closed:
        pieces.append(knots[-1:])
    return np.concatenate(pieces)


def tube(path: Floats | Sequence[Point], width: float) -> Floats:
    """The band of that width along an open path: handles, straps, legs, hands of a clock."""
    points = np.asarray(path, dtype=np.float64)
    along = np.gradient(points, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / length * (width / 2)
    return np.concatenate([points + across, (points - across)[::-1]])


def mirrored(outline: Floats) -> Floats:
    """The outline on the other side of x = 0."""
    other: Floats = outline * np.array([-1.0, 1.0])
    return other


def symmetric(*half: Point) -> Floats:
    """An outline from its right half, top to bottom."""
    right = polygon(*half)
    return np.concatenate([right, mirrored(right)[::-1]])


def symmetric_smooth(*half: Point) -> Floats:
    """A curved outline from its right half, top to bottom; the ends stay level."""
    right = smooth(half, closed=False)
    return np.concatenate([right, mirrored(right)[::-1]])
