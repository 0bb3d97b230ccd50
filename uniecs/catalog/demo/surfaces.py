"""Materials under light: brightness of every point of a part, gloss and weave included."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from uniecs.catalog.demo.patterns import Grid
from uniecs.catalog.demo.shapes import Light

Weave = Literal["none", "knit", "cloth", "grain", "speckle", "brushed", "mottled", "pile"]


@dataclass(frozen=True, slots=True)
class Surface:
    """How a material looks.

    Attributes:
        gloss: Strength of the highlight, 0..1.
        weave: Fine structure.
        depth: Strength of the fine structure.
        opacity: Below 1 the background shines through.
        tint: sRGB that is mixed in, and its share.
    """

    gloss: float = 0.0
    weave: Weave = "none"
    depth: float = 0.0
    opacity: float = 1.0
    tint: tuple[tuple[int, int, int], float] = ((0, 0, 0), 0.0)


SURFACES: dict[str, Surface] = {
    "ceramic": Surface(gloss=0.55),
    "stoneware": Surface(gloss=0.12, weave="speckle", depth=0.3),
    "steel": Surface(gloss=0.8, weave="brushed", depth=0.12, tint=((176, 182, 190), 0.22)),
    "plastic": Surface(gloss=0.35),
    "glass": Surface(gloss=0.95, opacity=0.62),
    "oak": Surface(gloss=0.1, weave="grain", depth=0.16, tint=((190, 140, 84), 0.25)),
    "paper": Surface(weave="mottled", depth=0.05),
    "cotton": Surface(weave="cloth", depth=0.05),
    "linen": Surface(weave="cloth", depth=0.14),
    "canvas": Surface(weave="cloth", depth=0.2),
    "wool": Surface(weave="knit", depth=0.2),
    "fleece": Surface(weave="mottled", depth=0.16),
    "velvet": Surface(weave="pile", depth=0.3),
    "nylon": Surface(gloss=0.25),
    "leather": Surface(gloss=0.3, weave="mottled", depth=0.1),
}
"""Material -> its look."""

LIT = 0.36
"""Where the highlight sits, as a share of the width of a part: light comes from the left."""


def brightness(u: Grid, v: Grid, light: Light, *, folds: float = 0.0) -> Grid:
    """Brightness of the points of a part around 1.

    Args:
        u: x in the part's own box, 0 left to 1 right, [height, width].
        v: y in the part's own box, 0 top to 1 bottom.
        light: How light falls on it.
        folds: Phase of the folds of cloth, radians.
    """
    lit: Grid
    if light == "round":
        lit = 1.1 - 1.05 * np.square(u - LIT)
    elif light == "ball":
        lit = 1.12 - 0.62 * (np.square(u - LIT) + np.square(v - 0.3))
    elif light == "soft":
        wave = np.sin(u * 9 + v * 4 + folds)
        fold = np.sin(u * 17 - v * 6 + 2 * folds)
        lit = 1.06 - 0.16 * u - 0.08 * v + 0.045 * wave + 0.025 * fold
    else:
        lit = 1.05 - 0.05 * (u + v)
    return lit


def highlight(u: Grid, v: Grid, light: Light) -> Grid:
    """White reflection of a glossy part, 0..1: a streak on cylinders, a spot on balls."""
    shine: Grid
    if light == "ball":
        shine = np.exp(-np.square((u - 0.33) * 6) - np.square((v - 0.25) * 7))
    else:
        shine = np.exp(-np.square((u - 0.24) * 13)) * np.clip(1.2 - v, 0, 1)
    return shine


def weave(u: Grid, v: Grid, noise: Grid, kind: Weave) -> Grid:
    """Fine structure around 0, to be scaled by the surface's depth; u and v in object space."""
    fine: Grid = np.zeros_like(u)
    if kind == "knit":
        row = np.abs(np.mod(u * 13, 1) - 0.5)
        fine = np.sin((v * 17 + row * 1.1) * 6.2832) * (0.4 + row)
    elif kind == "cloth":
        fine = np.sin(u * 150) * np.sin(v * 150) * 0.4 + noise * 0.35
    elif kind == "grain":
        fine = np.sin(u * 38 + np.sin(v * 3) * 2.5)
    elif kind == "speckle":
        fine = -(noise > 1.75).astype(np.float32)
    elif kind == "brushed":
        fine = np.sin(u * 11) + 0.3 * np.sin(u * 61)
    elif kind == "mottled":
        fine = noise * 0.5
    elif kind == "pile":
        fine = np.sin(u * 5 + v * 7) * 0.5 + noise * 0.2
    return fine
