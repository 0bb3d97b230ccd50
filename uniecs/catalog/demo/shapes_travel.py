"""Shapes of the product types of the department Travel."""

from itertools import pairwise

import numpy as np

from uniecs.catalog.demo.outlines import box, ellipse, smooth, symmetric, tube
from uniecs.catalog.demo.shapes import Drawer, Part, Shape


def _backpack(form: str) -> Shape:
    handle = smooth([(-0.18, -0.72), (-0.16, -0.95), (0.16, -0.95), (0.18, -0.72)], closed=False)
    sides = [
        Part(tube(smooth([(x * 0.5, -0.4), (x * 0.76, -0.1), (x * 0.62, 0.7)], closed=False), 0.12),
             "accent", "round")
        for x in (-1, 1)
    ]  # fmt: skip
    bag = box(-0.56, -0.78, 0.56, 0.85, radius=0.26 if form != "roll-top" else 0.1)
    fronts = {
        "pocket": [
            Part(box(-0.42, 0.3, 0.42, 0.76, radius=0.1), "shade", "soft"),
            Part(box(-0.36, 0.36, 0.36, 0.41), "accent"),
        ],
        "flap": [
            Part(box(-0.6, -0.8, 0.6, -0.28, radius=0.2), "shade", "soft"),
            *(Part(box(x - 0.06, -0.45, x + 0.06, -0.1, radius=0.02), "accent")
              for x in (-0.3, 0.3)),
        ],
        "roll-top": [
            Part(box(-0.6, -0.84, 0.6, -0.58, radius=0.12), "accent", "round"),
            Part(box(-0.05, -0.6, 0.05, -0.3), "dark"),
        ],
    }  # fmt: skip
    return Shape(
        parts=(
            Part(tube(handle, 0.09), "accent", "round"),
            *sides,
            Part(bag, "body", "soft"),
            *fronts[form],
        ),
        emblem=(0.0, 0.14 if form != "pocket" else -0.12, 0.28),
        mark=(0.36, -0.18, 0.08),
        bands=(0.6, 0.12) if form != "pocket" else (-0.55, 0.12),
        side=0.68,
    )


def _tote(form: str) -> Shape:
    height = {"short": -0.7, "long": -1.0, "base": -0.8}[form]
    handle = smooth([(-0.3, -0.25), (-0.28, height + 0.1), (0.0, height), (0.28, height + 0.1),
                     (0.3, -0.25)], closed=False)  # fmt: skip
    body = symmetric((0.62, -0.3), (0.56, 0.82), (0.5, 0.86))
    base = [Part(symmetric((0.58, 0.52), (0.56, 0.82), (0.5, 0.86)), "accent", "soft")]
    return Shape(
        parts=(
            Part(tube(handle, 0.1), "shade", "round"),
            Part(body, "body", "soft"),
            Part(tube([(-0.62, -0.29), (0.62, -0.29)], 0.07), "accent"),
            *(base if form == "base" else []),
        ),
        emblem=(0.0, 0.2, 0.29),
        mark=(0.4, -0.1, 0.08),
        bands=(-0.12, 0.12),
        side=0.55,
    )


def _umbrella(form: str) -> Shape:
    canopy = [(0.96 * np.cos(a), -0.05 + 0.8 * np.sin(a)) for a in np.radians(range(180, 361, 9))]
    edge = [0.96, 0.48, 0.0, -0.48, -0.96]
    scallops: list[tuple[float, float]] = []
    for right, left in pairwise(edge):
        dip = 0.14 if form == "pointed" else -0.1
        scallops += [(right, -0.05), ((right + left) / 2, -0.05 + dip)]
    crook = [(0.0, 0.5), (0.0, 0.78), (0.1, 0.94), (0.25, 0.9), (0.29, 0.74)]
    handle = smooth(crook if form == "crook" else [(0.0, 0.5), (0.0, 0.9)], closed=False)
    arcs = [
        smooth([(0, -0.85), (x * 0.66, -0.55), (x, -0.06)], closed=False) for x in (-0.48, 0.48)
    ]
    ribs = [Part(tube(arc, 0.022), "shade") for arc in arcs]
    knob = [Part(ellipse((0, 0.92), (0.08, 0.08)), "accent", "ball")] if form != "crook" else []
    return Shape(
        parts=(
            Part(tube([(0, -0.98), (0, 0.75)], 0.06), "metal", "round"),
            Part(tube(handle, 0.1), "accent", "round"),
            *knob,
            Part(np.array(canopy + scallops[1:]), "body", "ball"),
            *ribs,
        ),
        emblem=(0.0, -0.4, 0.22),
        mark=(0.58, -0.26, 0.08),
        bands=(-0.16, -0.11),
        side=0.8,
    )


TRAVEL_SHAPES: dict[str, Drawer] = {"backpack": _backpack, "tote": _tote, "umbrella": _umbrella}
"""Product type -> its drawer."""
