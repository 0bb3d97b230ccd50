"""What a shape is: parts painted back to front, and where its emblem, mark and bands sit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from uniecs.catalog.demo.outlines import Floats

Role = Literal["body", "shade", "inner", "accent", "pale", "dark", "metal", "wood"]
"""What a part is painted with; only ``body`` carries pattern, bands, emblem and mark."""

Light = Literal["round", "ball", "flat", "soft"]
"""How light falls on a part: a cylinder, a ball, a plane or folded cloth."""


@dataclass(frozen=True, slots=True)
class Part:
    """One painted outline."""

    outline: Floats
    role: Role = "body"
    light: Light = "flat"


@dataclass(frozen=True, slots=True)
class Shape:
    """A drawn product in object space.

    Attributes:
        parts: Back to front.
        emblem: Centre x, y and radius of the emblem.
        mark: Centre x, y and radius of the brand mark.
        bands: y of the first band and the step to the next.
        side: Width of the object seen from the side, as a share of its width from the front.
    """

    parts: tuple[Part, ...]
    emblem: tuple[float, float, float]
    mark: tuple[float, float, float]
    bands: tuple[float, float] = field(default=(0.4, 0.13))
    side: float = 0.72


Drawer = Callable[[str], Shape]
"""Draws the shape of a product type in one of its forms."""
