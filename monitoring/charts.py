"""Small SVG plots of before and now; colours come from the page's style sheet."""

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from monitoring.sentences import readable

if TYPE_CHECKING:
    import pandas as pd

_BINS, _BARS, _LETTERS = 24, 6, 21
_WIDTH, _HEIGHT = 340, 132


def histogram(before: "pd.Series[float]", after: "pd.Series[float]", *, logarithm: bool) -> str:
    """Two outlined histograms on one axis, each scaled to its own number of rows.

    Args:
        before: Reference values.
        after: Current values.
        logarithm: Whether the values are logarithms to base 10, which ticks undo.
    """
    pool = np.concatenate([before.to_numpy(), after.to_numpy()])
    low, high = np.percentile(pool, [0.5, 99.5])
    high = high if high > low else low + 1
    edges = np.linspace(low, high, _BINS + 1)
    shares = [np.histogram(np.clip(s, low, high), edges)[0] / len(s) for s in (before, after)]
    top = max(float(share.max()) for share in shares) or 1.0
    step, floor = _WIDTH / _BINS, _HEIGHT - 22
    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="before and now">']
    for share, style in zip(shares, ("before", "now"), strict=True):
        points = [(0.0, float(floor))]
        for number, value in enumerate(share):
            y = floor - value / top * (floor - 6)
            points += [(number * step, y), ((number + 1) * step, y)]
        points.append((float(_WIDTH), float(floor)))
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="{style}" points="{path}"/>')
    for place in (0.0, 0.5, 1.0):
        value = low + place * (high - low)
        shown = 10**value if logarithm else value
        anchor = {0.0: "start", 0.5: "middle", 1.0: "end"}[place]
        parts.append(
            f'<text x="{place * _WIDTH:.0f}" y="{_HEIGHT - 6}" text-anchor="{anchor}">'
            f"{readable(shown)}</text>"
        )
    return "".join([*parts, "</svg>"])


def share_bars(before: "pd.Series[str]", after: "pd.Series[str]") -> str:
    """The values whose share moved most, each with a bar for before and one for now."""
    old, new = before.value_counts(normalize=True), after.value_counts(normalize=True)
    moved = new.sub(old, fill_value=0).abs().nlargest(_BARS).index
    names = sorted(moved, key=lambda name: -float(max(old.get(name, 0), new.get(name, 0))))
    longest = max((max(old.get(name, 0), new.get(name, 0)) for name in names), default=1) or 1
    row, left = 22, 150
    height = row * len(names) + 4
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="before and now">']
    for number, name in enumerate(names):
        y = number * row + 2
        text = str(name)  # the end of a category path says most
        text = text if len(text) <= _LETTERS else f"…{text[-_LETTERS:]}"
        parts.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(text)}</text>')
        for offset, shares, style in ((0, old, "before"), (9, new, "now")):
            width = float(shares.get(name, 0)) / longest * (_WIDTH - left - 66)
            parts.append(
                f'<rect class="{style}" x="{left}" y="{y + offset}" width="{width:.1f}" '
                f'height="8" rx="2"/>'
            )
        change = f"{old.get(name, 0):.0%} → {new.get(name, 0):.0%}"
        end = left + max(old.get(name, 0), new.get(name, 0)) / longest * (_WIDTH - left - 66)
        parts.append(f'<text class="small" x="{end + 5:.1f}" y="{y + 12}">{change}</text>')
    return "".join([*parts, "</svg>"])
