"""Line charts with intervals as bands, in the style of ``charts``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import log10

from uniecs.evaluation.page.charts import draw_line, draw_text, open_drawing, spread

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 340, 250, 34, 76, 30, 34


@dataclass(frozen=True)
class Line:
    """Points of one line, left to right; ``intervals`` are drawn as a band where given."""

    x: Sequence[float]
    y: Sequence[float]
    style: str
    intervals: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True)
class Axis:
    """The horizontal axis: its name, where it has ticks and what they say, and its scale."""

    name: str
    ticks: Mapping[float, str]
    logarithmic: bool = False


def line_chart(
    title: str, lines: Mapping[str, Line], axis: Axis, *, top: float = 1.0, percent: bool = True
) -> str:
    """Lines with their names at the right end.

    Args:
        title: Heading of the panel.
        lines: Name -> points.
        axis: The horizontal axis.
        top: Value at the upper edge; 0 is at the lower one.
        percent: Whether values are fractions to be shown in per cent.
    """
    x, y = _scales(lines, axis, top)
    parts = [open_drawing(WIDTH, HEIGHT, title), draw_text(LEFT, 16, title, "t")]
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = share * top
        label = f"{value * 100:.0f}" if percent else f"{value:.2g}"
        parts.append(draw_line((LEFT, y(value)), (WIDTH - RIGHT, y(value)), "grid"))
        parts.append(draw_text(LEFT - 6, y(value) + 4, label, "tick end"))
    for at, label in axis.ticks.items():
        parts.append(draw_line((x(at), HEIGHT - BOTTOM), (x(at), HEIGHT - BOTTOM + 4), "axis"))
        parts.append(draw_text(x(at), HEIGHT - BOTTOM + 16, label, "tick mid"))
    parts.append(draw_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, axis.name, "tick mid"))
    ends = spread([y(line.y[-1]) for line in lines.values()], 14)
    parts += [_band(line, x, y) for line in lines.values() if line.intervals]
    for (name, line), end in zip(lines.items(), ends, strict=True):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(line.x, line.y, strict=True))
        parts.append(f'<polyline points="{points}" class="line {line.style}"/>')
        parts.append(draw_text(WIDTH - RIGHT + 6, end + 4, name, f"label {line.style}"))
        parts += _dots(name, line, x, y, percent=percent)
    return "".join([*parts, "</svg>"])


Scale = Callable[[float], float]


def _scales(lines: Mapping[str, Line], axis: Axis, top: float) -> tuple[Scale, Scale]:
    places = [log10(a) if axis.logarithmic else a for line in lines.values() for a in line.x]
    low, high = min(places, default=0.0), max(places, default=1.0)
    wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(value: float) -> float:
        place = log10(value) if axis.logarithmic else value
        return LEFT + wide * (place - low) / ((high - low) or 1.0)

    def y(value: float) -> float:
        return TOP + tall * (1 - value / top)

    return x, y


def _band(line: Line, x: Scale, y: Scale) -> str:
    upper = [
        f"{x(a):.1f},{y(high):.1f}" for a, (_, high) in zip(line.x, line.intervals, strict=True)
    ]
    lower = [f"{x(a):.1f},{y(low):.1f}" for a, (low, _) in zip(line.x, line.intervals, strict=True)]
    return f'<polygon points="{" ".join([*upper, *reversed(lower)])}" class="band {line.style}"/>'


def _dots(name: str, line: Line, x: Scale, y: Scale, *, percent: bool) -> list[str]:
    """A dot with its value per point; lines of many points have none."""
    if len(line.x) > 12:
        return []
    shown = [f"{value * 100:.1f}" if percent else f"{value:.3g}" for value in line.y]
    return [
        f'<circle cx="{x(a):.1f}" cy="{y(b):.1f}" r="3" class="dot {line.style}">'
        f"<title>{escape(name)}: {words}</title></circle>"
        for a, b, words in zip(line.x, line.y, shown, strict=True)
    ]
