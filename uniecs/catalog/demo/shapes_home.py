"""Shapes of the product types of the department Home."""

import numpy as np

from uniecs.catalog.demo.outlines import (
    Floats,
    box,
    ellipse,
    polygon,
    smooth,
    symmetric,
    symmetric_smooth,
    tube,
)
from uniecs.catalog.demo.shapes import Drawer, Part, Shape


def _mug(form: str) -> Shape:
    handles = {
        "round": smooth([(0.38, -0.4), (0.75, -0.42), (0.92, -0.05), (0.72, 0.32), (0.36, 0.34)],
                        closed=False),
        "square": polygon((0.38, -0.38), (0.84, -0.38), (0.84, 0.3), (0.36, 0.3)),
        "footed": smooth([(0.38, -0.45), (0.85, -0.4), (0.62, 0.0), (0.34, 0.12)], closed=False),
    }  # fmt: skip
    if form == "footed":
        outline = symmetric_smooth(
            (0.5, -0.66), (0.48, -0.2), (0.42, 0.25), (0.18, 0.52), (0.2, 0.6), (0.36, 0.7)
        )
    else:
        outline = symmetric((0.5, -0.66), (0.48, 0.55), (0.42, 0.67), (0.34, 0.7))
    move = np.array([-0.14, 0.0])
    return Shape(
        parts=(
            Part(tube(handles[form], 0.14) + move * 0.6, "accent", "round"),
            Part(outline + move, "body", "round"),
            Part(ellipse((-0.14, -0.66), (0.5, 0.1)), "shade", "flat"),
            Part(ellipse((-0.14, -0.655), (0.44, 0.07)), "inner", "flat"),
        ),
        emblem=(-0.14, 0.0, 0.28),
        mark=(0.16, -0.42, 0.08),
        bands=(0.36, 0.12),
    )


def _teapot(form: str) -> Shape:
    tall = form == "tall"
    half = (
        [(0.28, -0.5), (0.44, -0.3), (0.56, 0.3), (0.42, 0.62), (0.3, 0.66)]
        if tall
        else [(0.3, -0.36), (0.58, -0.1), (0.62, 0.25), (0.42, 0.56), (0.3, 0.6)]
    )
    top = -0.5 if tall else -0.36
    side = smooth([(0.48, -0.2), (0.85, -0.25), (0.92, 0.1), (0.52, 0.38)], closed=False)
    over = smooth([(-0.42, -0.2), (-0.46, -0.7), (0.0, -0.98), (0.46, -0.7), (0.42, -0.2)],
                  closed=False)  # fmt: skip
    spout = smooth(
        [(-0.4, 0.25), (-0.72, 0.12), (-0.78, -0.3), (-0.98, -0.42), (-0.88, -0.5), (-0.62, -0.4),
         (-0.55, -0.12), (-0.4, -0.1)]
    )  # fmt: skip
    knob = [] if form == "overhead" else [(0.0, top - 0.22)]
    return Shape(
        parts=(
            Part(tube(over if form == "overhead" else side, 0.1), "accent", "round"),
            Part(spout, "shade", "round"),
            Part(symmetric_smooth(*half), "body", "ball"),
            Part(ellipse((0, top), (0.32, 0.15), start=180, stop=360), "accent", "ball"),
            *(Part(ellipse(center, (0.08, 0.08)), "accent", "ball") for center in knob),
        ),
        emblem=(0.0, 0.12, 0.27),
        mark=(0.34, 0.3, 0.075),
        bands=(0.4, 0.1),
        side=0.68,
    )


def _bottle(form: str) -> Shape:
    caps = {
        "screw": [Part(box(-0.17, -0.95, 0.17, -0.7, radius=0.04), "accent", "round")],
        "loop": [
            Part(tube(ellipse((0, -0.84), (0.17, 0.14)), 0.07), "accent", "round"),
            Part(box(-0.19, -0.8, 0.19, -0.66, radius=0.03), "accent", "round"),
        ],
        "straw": [
            Part(tube([(-0.02, -0.75), (0.0, -0.9), (0.2, -0.98)], 0.08), "pale", "round"),
            Part(box(-0.21, -0.82, 0.21, -0.66, radius=0.06), "accent", "round"),
        ],
    }
    body = symmetric_smooth(
        (0.17, -0.7), (0.2, -0.62), (0.34, -0.42), (0.35, 0.0), (0.35, 0.8), (0.3, 0.92)
    )
    return Shape(
        parts=(*caps[form], Part(body, "body", "round")),
        emblem=(0.0, 0.08, 0.27),
        mark=(0.0, -0.38, 0.08),
        bands=(0.5, 0.13),
        side=0.92,
    )


def _vase(form: str) -> Shape:
    halves = {
        "belly": [(0.24, -0.75), (0.18, -0.5), (0.5, -0.1), (0.56, 0.3), (0.4, 0.68), (0.26, 0.8)],
        "neck": [(0.2, -0.95), (0.12, -0.6), (0.13, -0.2), (0.4, 0.2), (0.45, 0.55), (0.28, 0.85)],
        "straight": [(0.4, -0.78), (0.38, -0.3), (0.36, 0.2), (0.34, 0.78)],
    }
    half = halves[form]
    width, top = half[0]
    return Shape(
        parts=(
            Part(symmetric_smooth(*half), "body", "ball" if form == "belly" else "round"),
            Part(ellipse((0, top), (width, width * 0.25)), "accent", "flat"),
            Part(ellipse((0, top), (width * 0.78, width * 0.17)), "inner", "flat"),
        ),
        emblem=(0.0, 0.28 if form != "straight" else 0.0, 0.27),
        mark=(0.0, 0.68, 0.07),
        bands=(-0.06, 0.11) if form == "neck" else (-0.34, 0.11),
        side=0.94,
    )


def _cushion(form: str) -> Shape:
    square = smooth(
        [(-0.82, -0.82), (-0.4, -0.74), (0.4, -0.74), (0.82, -0.82), (0.74, -0.4), (0.74, 0.4),
         (0.82, 0.82), (0.4, 0.74), (-0.4, 0.74), (-0.82, 0.82), (-0.74, 0.4), (-0.74, -0.4)]
    )  # fmt: skip
    disc = ellipse((0, 0), (0.82, 0.82))
    outline = disc if form == "circle" else square
    extra: list[Part] = []
    if form == "tassel":
        extra = [
            Part(polygon((0.74 * x, 0.74 * y), (0.99 * x, 0.78 * y), (0.78 * x, 0.99 * y)),
                 "accent", "flat")
            for x in (-1, 1)
            for y in (-1, 1)
        ]  # fmt: skip
    edge = [Part(outline * 1.06, "accent", "round")] if form == "piped" else []
    button = [Part(ellipse((0, 0), (0.07, 0.07)), "accent", "ball")] if form == "circle" else []
    return Shape(
        parts=(*extra, *edge, Part(outline, "body", "ball"), *button),
        emblem=(0.0, 0.0 if form != "circle" else -0.34, 0.3),
        mark=(0.5, 0.5, 0.08),
        bands=(0.42, 0.13),
        side=0.6,
    )


def _clock(form: str) -> Shape:
    outlines: dict[str, Floats] = {
        "disc": ellipse((0, 0), (0.85, 0.85)),
        "tile": box(-0.8, -0.8, 0.8, 0.8, radius=0.12),
        "hexagon": ellipse((0, 0), (0.9, 0.9))[::8],
    }
    ticks = [
        Part(tube([(0.6 * np.sin(a), -0.6 * np.cos(a)), (0.69 * np.sin(a), -0.69 * np.cos(a))],
                  0.06), "dark")
        for a in np.radians(np.arange(0, 360, 30))
    ]  # fmt: skip
    return Shape(
        parts=(
            Part(outlines[form], "accent", "round"),
            Part(outlines[form] * 0.93, "body", "round"),
            Part(ellipse((0, 0), (0.73, 0.73)), "pale", "flat"),
            Part(ellipse((0, 0), (0.56, 0.56)), "body", "flat"),
            *ticks,
            Part(tube([(0, 0), (0.26, -0.2)], 0.09), "dark"),
            Part(tube([(0, 0), (-0.2, -0.5)], 0.06), "dark"),
            Part(ellipse((0, 0), (0.08, 0.08)), "accent"),
        ),
        emblem=(0.0, 0.28, 0.22),
        mark=(0.0, -0.3, 0.07),
        bands=(0.2, 0.1),
        side=0.55,
    )


def _lamp(form: str) -> Shape:
    shades = {
        "cone": symmetric((0.28, -0.92), (0.68, -0.12)),
        "drum": symmetric((0.56, -0.85), (0.58, -0.12)),
        "dome": ellipse((0, -0.12), (0.66, 0.74), start=180, stop=360),
    }
    return Shape(
        parts=(
            Part(box(-0.05, -0.15, 0.05, 0.75), "metal", "round"),
            Part(ellipse((0, 0.82), (0.4, 0.12)), "accent", "round"),
            Part(ellipse((0, 0.3), (0.17, 0.26)), "accent", "ball"),
            Part(shades[form], "body", "round"),
        ),
        emblem=(0.0, -0.45, 0.23),
        mark=(0.34, -0.26, 0.07),
        bands=(-0.36, 0.11),
        side=0.95,
    )


def _chair(form: str) -> Shape:
    legs = [
        Part(tube([(x * 0.46, 0.2), (x * 0.56, 0.95)], 0.09), "wood", "round") for x in (-1, 1)
    ] + [Part(tube([(x * 0.3, 0.2), (x * 0.32, 0.78)], 0.07), "wood", "round") for x in (-1, 1)]
    if form == "slat-back":
        back = [Part(box(x - 0.1, -0.78, x + 0.1, 0.12, radius=0.03)) for x in (-0.34, 0.0, 0.34)]
        back.append(Part(box(-0.52, -0.92, 0.52, -0.7, radius=0.08), "accent", "round"))
    else:
        back = [Part(box(-0.5, -0.92, 0.5, 0.12, radius=0.2), "body", "soft")]
    arms = [
        Part(tube(polygon((x * 0.54, 0.15), (x * 0.62, -0.2), (x * 0.72, -0.2)), 0.09), "accent",
             "round")
        for x in (-1, 1)
        if form == "arm"
    ]  # fmt: skip
    seat = symmetric_smooth((0.5, 0.08), (0.58, 0.2), (0.6, 0.3), (0.5, 0.34))
    return Shape(
        parts=(*legs, *back, Part(seat, "body", "round"), *arms),
        emblem=(0.0, -0.42, 0.26),
        mark=(0.32, -0.02, 0.07),
        bands=(-0.08, -0.11),
        side=0.66,
    )


HOME_SHAPES: dict[str, Drawer] = {
    "mug": _mug, "teapot": _teapot, "bottle": _bottle, "vase": _vase, "cushion": _cushion,
    "clock": _clock, "lamp": _lamp, "chair": _chair,
}  # fmt: skip
"""Product type -> its drawer."""
