"""Shapes of the product types of the department Clothing."""

import numpy as np

from uniecs.catalog.demo.outlines import (
    Floats,
    box,
    ellipse,
    mirrored,
    polygon,
    smooth,
    symmetric,
    symmetric_smooth,
    tube,
)
from uniecs.catalog.demo.shapes import Drawer, Part, Shape


def _shirt(form: str) -> Shape:
    body = symmetric(
        (0.2, -0.78), (0.48, -0.7), (0.95, -0.25), (0.7, 0.02), (0.5, -0.16), (0.5, 0.8)
    )
    neck = (
        polygon((-0.24, -0.8), (0.24, -0.8), (0.0, -0.4))
        if form == "v-neck"
        else ellipse((0, -0.78), (0.24, 0.17), start=0, stop=180)
    )
    pocket = [Part(box(0.12, -0.28, 0.4, 0.04, radius=0.03), "shade")] if form == "pocket" else []
    return Shape(
        parts=(
            Part(body, "body", "soft"),
            Part(neck * np.array([1.22, 1.0]) + np.array([0, 0.04]), "accent"),
            Part(neck, "inner"),
            *pocket,
        ),
        emblem=(0.0, 0.14 if form != "pocket" else 0.34, 0.28),
        mark=(-0.28, -0.28, 0.09),
        bands=(0.5, 0.12),
        side=0.62,
    )


def _dress(form: str) -> Shape:
    sleeves = form == "sleeved"
    body = symmetric_smooth(
        (0.14, -0.9), (0.28, -0.9), (0.25, -0.6), (0.24, -0.2), (0.42, 0.35), (0.68, 0.92)
    )
    sleeve = polygon((0.24, -0.9), (0.58, -0.5), (0.42, -0.36), (0.2, -0.55))
    belt = [Part(box(-0.26, -0.24, 0.26, -0.1), "accent", "round")] if form == "belted" else []
    arms = [Part(sleeve, "body", "soft"), Part(mirrored(sleeve), "body", "soft")] if sleeves else []
    return Shape(
        parts=(
            *arms,
            Part(body, "body", "soft"),
            Part(ellipse((0, -0.92), (0.15, 0.13), start=0, stop=180), "inner"),
            *belt,
        ),
        emblem=(0.0, 0.28, 0.24),
        mark=(0.12, -0.5, 0.07),
        bands=(0.62, 0.12),
        side=0.6,
    )


def _scarf(form: str) -> Shape:
    loop = smooth(
        [(-0.5, -0.55), (-0.25, -0.82), (0.25, -0.82), (0.5, -0.55), (0.36, -0.2), (0, -0.08),
         (-0.36, -0.2)]
    )  # fmt: skip
    hole = ellipse((0, -0.58), (0.26, 0.11))
    left = polygon((-0.34, -0.3), (-0.02, -0.2), (-0.1, 0.62), (-0.46, 0.58))
    right = polygon((-0.02, -0.22), (0.34, -0.28), (0.5, 0.78), (0.14, 0.84))
    ends: list[Part] = []
    if form == "fringed":
        ends = [Part(tube([(x, 0.56), (x - 0.02, 0.8)], 0.045), "accent")
                for x in (-0.42, -0.33, -0.24, -0.15)]  # fmt: skip
        ends += [Part(tube([(x, 0.78), (x + 0.03, 1.0)], 0.045), "accent")
                 for x in (0.18, 0.27, 0.36, 0.45)]  # fmt: skip
    elif form == "pompom":
        ends = [Part(ellipse((-0.28, 0.7), (0.13, 0.13)), "accent", "ball"),
                Part(ellipse((0.32, 0.88), (0.13, 0.13)), "accent", "ball")]  # fmt: skip
    return Shape(
        parts=(
            *ends,
            Part(left, "body", "soft"),
            Part(right, "body", "soft"),
            Part(loop, "body", "ball"),
            Part(hole, "inner"),
        ),
        emblem=(0.25, 0.24, 0.2),
        mark=(-0.26, 0.42, 0.08),
        bands=(0.48, 0.1),
        side=0.7,
    )


def _beanie(form: str) -> Shape:
    top = -0.85 if form == "slouchy" else -0.72
    lean = 0.22 if form == "slouchy" else 0.0
    crown = smooth([(-0.62, 0.4), (-0.6, -0.2), (-0.3 + lean, top), (0.25 + lean * 1.6, top + 0.02),
                    (0.62 + lean * 0.4, -0.2), (0.62, 0.4)])  # fmt: skip
    bobble = [Part(ellipse((0, -0.8), (0.2, 0.19)), "accent", "ball")] if form == "bobble" else []
    depth = 0.36 if form == "cuffed" else 0.2
    cuff = box(-0.68, 0.62 - depth, 0.68, 0.62, radius=0.09)
    return Shape(
        parts=(Part(crown, "body", "ball"), *bobble, Part(cuff, "accent", "round")),
        emblem=(0.0, -0.14, 0.26),
        mark=(0.4, 0.06, 0.08),
        bands=(0.12, -0.12),
        side=0.85,
    )


def _cap(form: str) -> Shape:
    crown = smooth([(-0.62, 0.3), (-0.6, -0.18), (-0.3, -0.58), (0.1, -0.62), (0.42, -0.3),
                    (0.5, 0.26), (0.0, 0.36)])  # fmt: skip
    curved = smooth([(-0.02, 0.3), (0.5, 0.16), (0.92, 0.32), (1.0, 0.52), (0.6, 0.46),
                     (0.1, 0.46)])  # fmt: skip
    flat = polygon((-0.02, 0.24), (0.5, 0.2), (1.05, 0.24), (1.05, 0.33), (0.0, 0.4))
    front = smooth([(0.1, -0.6), (0.42, -0.3), (0.5, 0.26), (0.1, 0.34), (0.02, -0.1)])
    panel = [Part(front, "pale", "ball")] if form == "mesh" else []
    return Shape(
        parts=(
            Part(crown, "body", "ball"),
            *panel,
            Part(ellipse((-0.08, -0.61), (0.09, 0.05)), "accent", "ball"),
            Part(flat if form == "flat" else curved, "accent", "round"),
        ),
        emblem=(-0.12, -0.08, 0.25),
        mark=(-0.46, 0.12, 0.075),
        bands=(0.2, -0.12),
        side=0.78,
    )


def _watch(form: str) -> Shape:
    dials: dict[str, Floats] = {
        "round": ellipse((0, 0), (0.45, 0.45)),
        "square": box(-0.42, -0.42, 0.42, 0.42, radius=0.08),
        "octagon": ellipse((0, 0), (0.49, 0.49), start=22.5, stop=382.5)[::6],
    }
    strap = symmetric(
        (0.22, -0.98), (0.28, -0.5), (0.3, -0.3), (0.3, 0.3), (0.28, 0.5), (0.2, 0.98)
    )
    ticks = [
        Part(tube([(0.29 * np.sin(a), -0.29 * np.cos(a)), (0.36 * np.sin(a), -0.36 * np.cos(a))],
                  0.04), "dark")
        for a in np.radians(np.arange(0, 360, 30))
    ]  # fmt: skip
    return Shape(
        parts=(
            Part(strap, "body", "round"),
            Part(box(0.46, -0.08, 0.58, 0.08, radius=0.03), "metal"),
            Part(dials[form], "metal", "ball"),
            Part(dials[form] * 0.84, "accent", "flat"),
            *ticks,
            Part(tube([(0, 0), (0.14, -0.14)], 0.06), "pale"),
            Part(tube([(0, 0), (-0.14, -0.22)], 0.045), "pale"),
        ),
        emblem=(0.0, 0.72, 0.17),
        mark=(0.0, -0.6, 0.07),
        bands=(-0.9, 0.12),
        side=0.7,
    )


def _sneaker(form: str) -> Shape:
    tall = form == "high-top"
    collar = -0.75 if tall else -0.35
    upper = smooth(
        [(-0.86, 0.3), (-0.84, -0.05), (-0.8, collar), (-0.36, collar - 0.02), (-0.2, -0.18),
         (0.2, -0.02), (0.7, 0.1), (0.92, 0.34), (0.4, 0.4), (-0.4, 0.4)]
    )  # fmt: skip
    sole = smooth([(-0.92, 0.3), (-0.3, 0.34), (0.3, 0.34), (0.96, 0.28), (0.98, 0.46), (0.8, 0.54),
                   (-0.8, 0.54), (-0.94, 0.48)])  # fmt: skip
    toe = smooth([(0.55, 0.06), (0.78, 0.14), (0.93, 0.34), (0.6, 0.38), (0.5, 0.22)])
    laces = [
        Part(tube([(-0.26 + 0.14 * n, -0.22 + 0.065 * n), (-0.12 + 0.14 * n, 0.02 + 0.05 * n)],
                  0.06), "pale")
        for n in range(4)
    ]  # fmt: skip
    straps = [
        Part(tube([(-0.26 + 0.26 * n, -0.24 + 0.12 * n), (-0.1 + 0.26 * n, 0.16 + 0.08 * n)], 0.15),
             "accent", "round")
        for n in range(2)
    ]  # fmt: skip
    return Shape(
        parts=(
            Part(upper, "body", "soft"),
            Part(ellipse((-0.58, collar), (0.24, 0.06)), "inner"),
            Part(toe, "shade", "soft"),
            *(straps if form == "strap" else laces),
            Part(sole, "pale", "round"),
            Part(tube([(-0.9, 0.5), (0.9, 0.5)], 0.07), "accent"),
        ),
        emblem=(-0.5, 0.1, 0.22),
        mark=(0.24, 0.2, 0.08),
        bands=(0.22, -0.1),
        side=0.86,
    )


WEAR_SHAPES: dict[str, Drawer] = {
    "shirt": _shirt, "dress": _dress, "scarf": _scarf, "beanie": _beanie, "cap": _cap,
    "watch": _watch, "sneaker": _sneaker,
}  # fmt: skip
"""Product type -> its drawer."""
