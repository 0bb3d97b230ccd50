"""Plots of what a report holds beyond the nine tasks."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from uniecs.catalog.presence import VIEWS
from uniecs.evaluation.calibration import GateCalibration
from uniecs.evaluation.degradation import Degradation
from uniecs.evaluation.loss_weights import LossWeights
from uniecs.evaluation.mixed_pool import MixedPool
from uniecs.evaluation.page.charts import Bar, grouped_bars
from uniecs.evaluation.page.lines import Axis, Line, line_chart
from uniecs.evaluation.part import Recall
from uniecs.evaluation.pool_sizes import PoolSize
from uniecs.evaluation.report import EvaluationReport
from uniecs.evaluation.slices import Slice

STYLES: tuple[str, ...] = ("view-it", "view-t", "view-i", "grey")
SHOWN_SLICES = 8
"""Slices of one kind that are drawn; all are in ``report.json``."""

LONGEST = 24
"""Characters of a slice's name that are shown."""


@dataclass(frozen=True)
class SlicePanel:
    """Slices of one kind: a drawing of the measured ones, and a line about the others."""

    drawing: str
    note: str


def beyond(report: EvaluationReport) -> dict[str, Any]:
    """What the template shows of each part; empty for what the report lacks."""
    return {
        "degradation": _degradation(report.degradation) if report.degradation else [],
        "pool_sizes": _pool_sizes(report.pool_sizes) if report.pool_sizes else "",
        "mixed": _mixed(report.mixed_pool) if report.mixed_pool else [],
        "slices": _slices(report.slices.tasks) if report.slices else [],
        "judged_slices": _slices(_judged(report.slices.judged)) if report.slices else [],
        "gates": _gates(report.calibration) if report.calibration else "",
        "weights": _weights(report.training) if report.training else "",
    }


def _degradation(found: Degradation) -> list[str]:
    panels = []
    for name, points in found.curves.items():
        shares = [point.removed for point in points]
        lines = {
            "nine tasks": _line(shares, [point.macro for point in points], "view-it"),
            "other left": _line(shares, [point.fallback for point in points], "view-t"),
        }
        ticks = {share: f"{share * 100:.0f}" for share in shares}
        axis = Axis("missing, per cent", ticks)
        panels.append(line_chart(name.replace("_", " ").capitalize(), lines, axis))
    return panels


def _pool_sizes(sizes: list[PoolSize]) -> str:
    distinct = list({size.reached: size for size in sizes}.values())
    reached = [float(size.reached) for size in distinct]
    lines = {"nine tasks": _line(reached, [size.macro for size in distinct], "view-it")}
    if all("T->I" in size.tasks for size in distinct):
        lines["T → I"] = _line(reached, [size.tasks["T->I"] for size in distinct], "view-i")
    ticks = {float(size.reached): f"{size.reached:,}" for size in distinct}
    crowded = [a for a, b in pairwise(reached) if b / a < 1.5]
    for at in crowded:
        del ticks[at]
    axis = Axis("candidates in the pool", ticks, logarithmic=True)
    return line_chart("R@10 as the pool grows", lines, axis)


def _mixed(found: MixedPool) -> list[str]:
    kinds = [view.label for view in VIEWS]
    return [
        grouped_bars(
            "Share of the first ten slots",
            {
                f"queries {name}": [
                    Bar(kind, asked.slots[kind], asked.ci95[kind], f"view-{kind.lower()}")
                    for kind in kinds
                ]
                for name, asked in found.queries.items()
            }
            | {
                "the pool": [
                    Bar(kind, share, (share, share), f"view-{kind.lower()}")
                    for kind, share in found.pool.items()
                ]
            },
        )
    ]


def _slices(kinds: Mapping[str, Mapping[str, Slice]]) -> list[SlicePanel]:
    return [_panel(name.replace("_", " "), slices) for name, slices in kinds.items() if slices]


def _panel(name: str, slices: Mapping[str, Slice]) -> SlicePanel:
    measured = {label: one for label, one in slices.items() if one.recall_10 is not None}
    shown = list(measured.items())[:SHOWN_SLICES]
    bars = {
        f"{shorten(label)} ({one.n:,})": [
            Bar(label, one.recall_10 or 0.0, (one.ci95 or {})["R@10"], "view-it")
        ]
        for label, one in shown
    }
    thin = len(slices) - len(measured)
    notes = [f"{len(measured) - len(shown)} more measured"] if len(measured) > len(shown) else []
    notes += [f"{thin} with too few products to say anything"] if thin else []
    drawing = grouped_bars(f"By {name}", bars) if bars else ""
    return SlicePanel(drawing, f"{name}: {'; '.join(notes)}" if notes else "")


def shorten(label: str) -> str:
    """A label that fits beside a bar.

    Example:
        >>> shorten("a brand with a very long name")
        'a brand with a very lon…'
    """
    return label if len(label) <= LONGEST else label[: LONGEST - 1] + "\u2026"


def _judged(
    judged: Mapping[str, Mapping[str, Mapping[str, Slice]]],
) -> dict[str, dict[str, Slice]]:
    """``negation`` and ``number`` -> slice and ranker -> scores."""
    names = dict.fromkeys(name for by_name in judged.values() for name in by_name)
    return {
        f"{name} in the query": {
            f"{label}, {ranker}": one
            for ranker, by_name in judged.items()
            for label, one in by_name.get(name, {}).items()
        }
        for name in names
    }


def _gates(found: GateCalibration) -> str:
    weights = [one.gate for one in found.bins]
    lines = {
        "picture": Line(
            weights,
            [one.image_finds for one in found.bins],
            "view-i",
            [one.ci95["image_finds"] for one in found.bins],
        ),
        "text": Line(
            weights,
            [one.text_finds for one in found.bins],
            "view-t",
            [one.ci95["text_finds"] for one in found.bins],
        ),
    }
    ticks = {weights[0]: f"{weights[0]:.2f}", weights[-1]: f"{weights[-1]:.2f}"}
    return line_chart("What one modality finds alone", lines, Axis("weight of the picture", ticks))


def _weights(found: LossWeights) -> str:
    steps = [float(step) for step in found.steps]
    lines = {
        name: Line(steps, values, STYLES[at % len(STYLES)])
        for at, (name, values) in enumerate(found.weights.items())
    }
    top = max((value for values in found.weights.values() for value in values), default=1.0) * 1.1
    ticks = {steps[0]: f"{steps[0]:,.0f}", steps[-1]: f"{steps[-1]:,.0f}"}
    return line_chart(
        "Loss weights over training", lines, Axis("step", ticks), top=top, percent=False
    )


def _line(x: list[float], points: list[Any], style: str) -> Line:
    recalls: list[Recall] = points
    return Line(x, [p.recall_10 for p in recalls], style, [p.ci95["R@10"] for p in recalls])
