"""Small charts as inline SVG: no script, no file beside the page, readable without colours."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

_WIDTH, _ROW, _LABEL, _NUMBER = 640, 22, 230, 70


def bar_chart(bars: Sequence[tuple[str, int]], *, title: str) -> str:
    """Horizontal bars with their label on the left and their number on the right.

    Example:
        >>> bar_chart([("shoes", 3)], title="Rows")[:4]
        '<svg'
    """
    longest = max((count for _, count in bars), default=0) or 1
    room = _WIDTH - _LABEL - _NUMBER
    parts = []
    for at, (label, count) in enumerate(bars):
        y = at * _ROW
        length = max(1.0, room * count / longest) if count else 0.0
        parts.append(
            f'<text class="label" x="{_LABEL - 8}" y="{y + 15}" text-anchor="end">'
            f"{escape(_shorten(label))}</text>"
            f'<rect x="{_LABEL}" y="{y + 3}" width="{length:.1f}" height="{_ROW - 6}" rx="2"/>'
            f'<text class="number" x="{_LABEL + length + 6:.1f}" y="{y + 15}">{count:,}</text>'
        )
    return _svg(parts, len(bars) * _ROW, title)


def histogram(values: Sequence[float], *, title: str, unit: str) -> str:
    """Counts of positive values in a dozen classes of equal ratio, upright bars.

    Zero and negative values are left out: a ratio has no place for them.
    """
    positive = [value for value in values if value > 0]
    edges = _ratio_edges(positive)
    if not edges:
        return ""
    classes = Counter(bisect_right(edges, value) - 1 for value in positive)
    counts = [classes[at] for at in range(len(edges) - 1)]
    height, base = 150, 130
    step = _WIDTH / len(counts)
    highest = max(counts) or 1
    parts = []
    for at, count in enumerate(counts):
        tall = (base - 20) * count / highest
        x = at * step
        number = f"{count:,}" if count else ""
        parts.append(
            f'<rect x="{x + 2:.1f}" y="{base - tall:.1f}" width="{step - 4:.1f}" '
            f'height="{tall:.1f}" rx="2"/>'
            f'<text class="number" x="{x + step / 2:.1f}" y="{base - tall - 4:.1f}" '
            f'text-anchor="middle">{number}</text>'
            f'<text class="label" x="{x + 2:.1f}" y="{height - 4}">{_number(edges[at])}</text>'
        )
    parts.append(
        f'<text class="label" x="{_WIDTH}" y="{height - 4}" text-anchor="end">{escape(unit)}</text>'
    )
    return _svg(parts, height, title)


def _ratio_edges(values: Sequence[float]) -> list[float]:
    """Edges 1, 2, 5, 10, ... around the values; empty without values."""
    if not values:
        return []
    low, high = floor(log10(min(values))), ceil(log10(max(values))) + 1
    edges = [step * 10.0**power for power in range(low, high + 1) for step in (1, 2, 5)]
    below = [edge for edge in edges if edge <= min(values)]
    above = [edge for edge in edges if edge > max(values)]
    return [e for e in edges if e >= below[-1] and (not above or e <= above[0])]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def _shorten(label: str) -> str:
    return label if len(label) <= 34 else "…" + label[-33:]


def _svg(parts: Sequence[str], height: int, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {max(height, 1)}" role="img" aria-label="{escape(title)}">'
        + "".join(parts)
        + "</svg>"
    )
