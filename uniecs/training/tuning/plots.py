"""SVG drawings of trials: in the order of the search, over epochs, and over each setting."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

from uniecs.evaluation.page.charts import draw_line, draw_text, open_drawing
from uniecs.training.tuning.space import Range, Setting
from uniecs.training.tuning.study import Trial

LEFT, RIGHT, TOP, BOTTOM = 40, 14, 30, 36
STEPS: tuple[float, ...] = (1, 2, 5, 10)

Ticks = Mapping[float, str]


@dataclass(frozen=True)
class Panel:
    """Axes: values from ``low`` to ``high`` on each, places on the drawing by ``x`` and ``y``."""

    title: str
    name: str
    across: tuple[float, float]
    up: tuple[float, float]
    ticks: Ticks
    width: int = 340
    height: int = 230

    def x(self, value: float) -> float:
        """Place from the left."""
        low, high = self.across
        inner = self.width - LEFT - RIGHT
        return LEFT + inner * (value - low) / ((high - low) or 1.0)

    def y(self, value: float) -> float:
        """Place from the top."""
        low, high = self.up
        return TOP + (self.height - TOP - BOTTOM) * (high - value) / ((high - low) or 1.0)

    def draw(self, marks: Sequence[str]) -> str:
        """The axes with marks over them."""
        floor_y, right = self.height - BOTTOM, self.width - RIGHT
        parts = [open_drawing(self.width, self.height, self.title)]
        parts.append(draw_text(0, 16, self.title, "t"))
        for value, label in even_ticks(*self.up, scale=100).items():
            parts.append(draw_line((LEFT, self.y(value)), (right, self.y(value)), "grid"))
            parts.append(draw_text(LEFT - 6, self.y(value) + 4, label, "tick end"))
        for value, label in self.ticks.items():
            at = self.x(value)
            parts.append(draw_line((at, floor_y), (at, floor_y + 4), "axis"))
            parts.append(draw_text(at, floor_y + 16, label, "tick mid"))
        parts.append(draw_text((LEFT + right) / 2, self.height - 4, self.name, "tick mid"))
        return "".join([*parts, *marks, "</svg>"])


def trials_in_order(trials: Sequence[Trial], best: int | None) -> str:
    """Macro R@10 of each trial, with the best finished so far as a staircase."""
    scored = [trial for trial in trials if trial.macro is not None]
    last = max((trial.number for trial in trials), default=0)
    panel = Panel(
        "Trials in their order",
        "trial",
        (-0.5, last + 0.5),
        bounds(scored),
        {number: f"{number}" for number in range(0, last + 1, 1 + last // 12)},
        width=700,
        height=270,
    )
    stairs, top = [], None
    for trial in scored:
        if trial.state == "finished" and (top is None or (trial.macro or 0.0) > top):
            if top is not None:
                stairs.append((float(trial.number), top))
            top = trial.macro or 0.0
            stairs.append((float(trial.number), top))
    if top is not None:
        stairs.append((last + 0.5, top))
    marks = [_path(panel, stairs, "line best", "the best so far")]
    marks += [_mark(panel, float(trial.number), trial, best) for trial in scored]
    return panel.draw(marks)


def learning_curves(trials: Sequence[Trial], best: int | None) -> str:
    """Macro R@10 over epochs; the best trial is drawn last."""
    scored = sorted((t for t in trials if t.validations), key=lambda t: t.number == best)
    epochs = sorted({epoch for trial in scored for epoch in trial.validations})
    values = [value for trial in scored for value in trial.validations.values()]
    first, last = (epochs[0], epochs[-1]) if epochs else (0, 1)
    shown = [epoch for epoch in epochs if epoch in (first, last) or len(epochs) <= 8]
    panel = Panel(
        "Over epochs",
        "epoch",
        (first - 0.03 * (last - first), last),
        _bounds(values),
        {epoch: f"{epoch}" for epoch in shown},
        height=270,
    )
    marks = []
    for trial in scored:
        points = [(float(epoch), value) for epoch, value in trial.validations.items()]
        style = "best" if trial.number == best else trial.state
        marks.append(_path(panel, points, f"line {style}", says(trial)))
        if trial.state == "pruned":
            marks.append(_cross(panel.x(points[-1][0]), panel.y(points[-1][1]), says(trial)))
    return panel.draw(marks)


def slice_of(key: str, tried: Range | object, trials: Sequence[Trial], best: int | None) -> str:
    """Macro R@10 over one setting."""
    scored = [trial for trial in trials if trial.macro is not None]
    place, across, ticks = _scale(tried, [trial.settings[key] for trial in trials])
    panel = Panel(key, "", across, bounds(scored), ticks, height=200)
    return panel.draw([_mark(panel, place(t.settings[key]), t, best) for t in scored])


def _scale(
    tried: object, used: Sequence[Setting]
) -> tuple[Callable[[Setting], float], tuple[float, float], Ticks]:
    """Value -> place; the range; the ticks: on the scale that the setting was drawn from."""
    if not isinstance(tried, Range):
        names = list(dict.fromkeys(str(value) for value in sorted(used, key=str)))
        across = (-0.5, max(len(names), 1) - 0.5)
        return (
            lambda v: float(names.index(str(v))),
            across,
            {float(i): n[:14] for i, n in enumerate(names)},
        )
    if tried.log:
        low, high = log10(tried.low), log10(tried.high)
        spare = 0.04 * (high - low)
        ticks = {log10(v): _short(v) for v in log_ticks(tried.low, tried.high)}
        return lambda v: log10(float(v or 0)), (low - spare, high + spare), ticks
    spare = 0.04 * (tried.high - tried.low)
    ticks = even_ticks(tried.low, tried.high)
    return lambda v: float(v or 0), (tried.low - spare, tried.high + spare), ticks


def bounds(scored: Sequence[Trial]) -> tuple[float, float]:
    """Lower and upper edge for the trials' values."""
    return _bounds([trial.macro or 0.0 for trial in scored])


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    spare = 0.1 * (high - low) or 0.05
    return max(0.0, low - spare), high + spare


def even_ticks(low: float, high: float, *, scale: float = 1) -> dict[float, str]:
    """A handful of round values, shown times ``scale``.

    Example:
        >>> even_ticks(0.0, 0.4)
        {0.0: '0', 0.1: '0.1', 0.2: '0.2', 0.3: '0.3', 0.4: '0.4'}
    """
    raw = (high - low) / 6 or 1.0
    power = 10.0 ** floor(log10(raw))
    step = next(power * factor for factor in STEPS if power * factor >= raw * 0.999)
    first = round(low / step + 0.4999)
    numbers = [number for number in range(first, first + 8) if number * step <= high + step / 1e6]
    return {round(n * step, 12): f"{round(n * step * scale, 10):g}" for n in numbers}


def log_ticks(low: float, high: float) -> Iterator[float]:
    """1, 2 and 5 times the powers of ten, without 2 and 5 over wide ranges.

    Example:
        >>> list(log_ticks(0.01, 1.0))
        [0.01, 0.1, 1.0]
    """
    factors = STEPS[:3] if high / low < 50 else STEPS[:1]
    for power in range(floor(log10(low)), floor(log10(high)) + 1):
        for factor in factors:
            value = round(factor * 10.0**power, 12 - min(power, 0))
            if low * 0.999 <= value <= high * 1.001:
                yield value


def says(trial: Trial) -> str:
    """A trial in one line, shown under the pointer."""
    value = "" if trial.macro is None else f", macro R@10 {trial.macro:.3f}"
    settings = ", ".join(f"{key} {_short(v)}" for key, v in trial.settings.items())
    return f"trial {trial.number}, {trial.state}{value}: {settings}"


def _short(value: Setting) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _mark(panel: Panel, at: float, trial: Trial, best: int | None) -> str:
    x, y, words = panel.x(at), panel.y(trial.macro or 0.0), says(trial)
    if trial.state == "pruned":
        return _cross(x, y, words)
    style, size = ("best", 6.5) if trial.number == best else ("finished", 4.5)
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" class="dot {style}">'
        f"<title>{escape(words)}</title></circle>"
    )


def _cross(x: float, y: float, words: str) -> str:
    return (
        f'<path d="M{x - 4:.1f},{y - 4:.1f}l8,8m0,-8l-8,8" class="cross">'
        f"<title>{escape(words)}</title></path>"
    )


def _path(panel: Panel, points: Sequence[tuple[float, float]], style: str, words: str) -> str:
    places = " ".join(f"{panel.x(x):.1f},{panel.y(y):.1f}" for x, y in points)
    return f'<polyline points="{places}" class="{style}"><title>{escape(words)}</title></polyline>'
