"""``trials.html``: one self-contained page of a search."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uniecs.training.tuning.plots import learning_curves, slice_of, trials_in_order
from uniecs.training.tuning.report import SearchReport
from uniecs.training.tuning.space import Range, Setting
from uniecs.training.tuning.study import Trial

TEMPLATE = "trials.html.jinja"


@dataclass(frozen=True)
class Figure:
    """A headline: what it is, its value, and what to know about it."""

    name: str
    value: str
    note: str


def render_page(report: SearchReport) -> str:
    """The page as HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    best = report.best[0] if report.best else None
    keys = by_importance(report)
    return environment.get_template(TEMPLATE).render(
        report=report,
        best=best,
        keys=keys,
        figures=_figures(report),
        order=trials_in_order(report.trials, best),
        curves=learning_curves(report.trials, best),
        slices=[slice_of(key, report.plan.space[key], report.trials, best) for key in keys],
        searched={key: searched(report, key) for key in keys},
        given=report.plan.given() or {},
        shown=shown,
    )


def by_importance(report: SearchReport) -> list[str]:
    """The searched settings, those that decide most first."""
    return sorted(report.plan.space, key=lambda key: -report.importance.get(key, 0.0))


def shown(value: Setting, digits: int = 3) -> str:
    """A setting as a table shows it.

    Example:
        >>> shown(0.00123456), shown(None), shown(12)
        ('0.00123', 'none', '12')
    """
    if value is None:
        return "none"
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)


def searched(report: SearchReport, key: str) -> str:
    """What was tried of a setting."""
    tried = report.plan.space[key]
    if isinstance(tried, Range):
        return f"{tried.low:g} to {tried.high:g}{' (log)' if tried.log else ''}"
    return ", ".join(shown(value) for value in tried.choices)


def _figures(report: SearchReport) -> list[Figure]:
    trials: Mapping[int, Trial] = {trial.number: trial for trial in report.trials}
    counted = report.counted()
    others = [f"{counted[state]} {state}" for state in ("pruned", "failed") if state in counted]
    figures = [
        Figure(
            "Trials",
            f"{len(trials)}",
            ", ".join([f"{counted.get('finished', 0)} finished", *others]),
        )
    ]
    if not report.best:
        return figures
    best = trials[report.best[0]]
    figures.append(
        Figure("Best macro R@10 on val", f"{(best.macro or 0) * 100:.1f} %", f"trial {best.number}")
    )
    first = trials[0]
    if report.plan.given() is not None and first.macro is not None:
        gain = ((best.macro or 0) - first.macro) * 100
        figures.append(
            Figure(
                "Unsearched settings",
                f"{first.macro * 100:.1f} %",
                f"trial 0; gain {gain:+.1f} points",
            )
        )
    return figures
