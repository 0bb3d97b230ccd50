"""Small SVG charts; colours come from the page's style sheet, so they follow its theme."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import log10

Interval = tuple[float, float]


@dataclass(frozen=True)
class Bar:
    """One bar: a value in 0..1 with its interval, and the style class that colours it."""

    name: str
    value: float
    interval: Interval
    style: str


def recall_curves(title: str, lines: Mapping[str, Sequence[float]], styles: Sequence[str]) -> str:
    """Recall against K on a logarithmic axis.

    Args:
        title: Heading of the panel.
        lines: Name -> R@1, R@2, ... R@K.
        styles: One style class per line.
    """
    width, height, left, right, top, bottom = 340, 250, 34, 58, 30, 34
    inner_w, inner_h = width - left - right, height - top - bottom
    longest = max((len(values) for values in lines.values()), default=1)
    span = log10(max(longest, 10))

    def x(k: int) -> float:
        return left + inner_w * log10(k) / span

    def y(value: float) -> float:
        return top + inner_h * (1 - value)

    parts = [
        open_drawing(width, height, title),
        f'<text x="{left}" y="16" class="t">{escape(title)}</text>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(draw_line((left, y(tick)), (width - right, y(tick)), "grid"))
        parts.append(draw_text(left - 6, y(tick) + 4, f"{tick * 100:.0f}", "tick end"))
    for k in (1, 5, 10, 50, 100):
        if k <= longest:
            parts.append(draw_line((x(k), height - bottom), (x(k), height - bottom + 4), "axis"))
            parts.append(draw_text(x(k), height - bottom + 16, str(k), "tick mid"))
    parts.append(draw_text(left + inner_w / 2, height - 4, "K", "tick mid"))
    ends = spread([y(values[-1]) if len(values) else y(0) for values in lines.values()], 14)
    for (name, values), style, label_y in zip(lines.items(), styles, ends, strict=True):
        points = " ".join(f"{x(k):.1f},{y(value):.1f}" for k, value in enumerate(values, 1))
        parts.append(f'<polyline points="{points}" class="line {style}"/>')
        parts.append(draw_text(width - right + 6, label_y + 4, name, f"label {style}"))
    return "".join([*parts, "</svg>"])


def grouped_bars(title: str, groups: Mapping[str, Sequence[Bar]]) -> str:
    """Horizontal bars in groups, each with its 95 % interval as a whisker and its value."""
    longest = max((len(name) for name in groups), default=0)
    width, left, right, bar, gap = 520, max(150, 7 * longest + 16), 58, 15, 16
    inner = width - left - right
    rows = sum(len(bars) for bars in groups.values())
    height = 40 + rows * bar + len(groups) * gap + 8
    parts = [open_drawing(width, height, title), draw_text(0, 16, title, "t")]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        at = left + inner * tick
        parts.append(draw_line((at, 30), (at, height - 6), "grid"))
        parts.append(draw_text(at, 26, f"{tick:.2f}".rstrip("0").rstrip(".") or "0", "tick mid"))
    top = 40.0
    for name, bars in groups.items():
        middle = top + len(bars) * bar / 2 + 4
        parts.append(draw_text(left - 10, middle, name.replace("_", " "), "label end ink"))
        for one in bars:
            low, high = (left + inner * edge for edge in one.interval)
            end, centre = left + inner * one.value, top + bar / 2
            parts.append(
                f'<rect x="{left}" y="{top + 2:.1f}" width="{max(end - left, 1):.1f}" '
                f'height="{bar - 4}" rx="2" class="bar {one.style}">'
                f"<title>{escape(one.name)}: {one.value:.3f} "
                f"[{one.interval[0]:.3f}, {one.interval[1]:.3f}]</title></rect>"
            )
            parts.append(draw_line((low, centre), (high, centre), "whisker"))
            parts.append(draw_text(max(end, high) + 6, centre + 4, f"{one.value:.3f}", "tick"))
            top += bar
        top += gap
    return "".join([*parts, "</svg>"])


def share_bar(title: str, shares: Mapping[str, float], styles: Sequence[str]) -> str:
    """Shares of a whole as one stacked bar with a legend below it."""
    width, left = 520, 0.0
    total = sum(shares.values()) or 1.0
    parts = [open_drawing(width, 74, title), draw_text(0, 14, title, "t")]
    legend = 0.0
    for (name, share), style in zip(shares.items(), styles, strict=False):
        long = width * share / total
        parts.append(
            f'<rect x="{left:.1f}" y="24" width="{max(long - 2, 0.5):.1f}" height="18" rx="2" '
            f'class="bar {style}"><title>{escape(name)}: {share:.1%}</title></rect>'
        )
        parts.append(
            f'<rect x="{legend:.1f}" y="54" width="10" height="10" rx="2" class="bar {style}"/>'
        )
        words = f"{name} {share:.1%}"
        parts.append(draw_text(legend + 15, 63, words, "tick ink"))
        left += long
        legend += 30 + 6.6 * len(words)
    return "".join([*parts, "</svg>"])


def spread(positions: Sequence[float], distance: float) -> list[float]:
    """Move label positions apart until neighbours are at least ``distance`` from each other.

    Example:
        >>> spread([10.0, 12.0], 4)
        [9.0, 13.0]
    """
    moved = list(positions)
    order = sorted(range(len(moved)), key=lambda at: moved[at])
    for _ in range(50):
        for one, other in pairwise(order):
            lack = distance - (moved[other] - moved[one])
            if lack > 0:
                moved[one] -= lack / 2
                moved[other] += lack / 2
    return moved


def open_drawing(width: float, height: float, title: str) -> str:
    """The opening tag of a drawing that scales down with its column."""
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}" '
        f'style="max-width:{width:g}px">'
    )


def draw_line(start: tuple[float, float], end: tuple[float, float], style: str) -> str:
    """A straight line between two points."""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'class="{style}"/>'
    )


def draw_text(x: float, y: float, words: str, style: str) -> str:
    """Words at a point, escaped."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(words)}</text>'
