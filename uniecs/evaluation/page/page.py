"""Assemble ``report.html`` from a report and its findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uniecs.catalog.presence import VIEWS, task_name
from uniecs.catalog.reading import Catalog
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.findings import WHOLE_TEXT, Findings
from uniecs.evaluation.metrics import METRICS, first_hits, recall_curve
from uniecs.evaluation.page.beyond import beyond
from uniecs.evaluation.page.charts import Bar, grouped_bars, recall_curves, share_bar
from uniecs.evaluation.page.gallery import example_groups
from uniecs.evaluation.part import Interval
from uniecs.evaluation.queries import QUERY_METRICS
from uniecs.evaluation.report import EvaluationReport, Scores

TEMPLATE = "report.html.jinja"

VIEW_STYLES: Mapping[str, str] = {"I": "view-i", "T": "view-t", "IT": "view-it"}
RANKER_STYLES: Mapping[str, str] = {
    "hybrid": "ranker-a", "encoder": "ranker-b", "baseline": "ranker-c",
}  # fmt: skip
NONE = "\N{EN DASH}"
"""Stands where there is no number."""
SHARE_STYLES: tuple[str, ...] = tuple(f"share-{number}" for number in range(6))


@dataclass(frozen=True)
class Figure:
    """A headline number: what it is, its value, and what to know about it."""

    name: str
    value: str
    note: str


@dataclass(frozen=True)
class QueryRow:
    """A line of the table of query types; gains are over the baseline's figures."""

    kind: str
    ranker: str
    ndcg: str
    hit: str
    queries: int
    test: str
    gain: float | None
    hit_gain: float | None

    @property
    def holds(self) -> bool:
        """Whether neither figure is below the baseline's."""
        return min(self.gain or 0.0, self.hit_gain or 0.0) >= 0


def write_page(
    path: Path,
    report: EvaluationReport,
    findings: Findings,
    catalog: Catalog,
    config: EvaluationConfig,
) -> None:
    """Write the self-contained page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    template = environment.get_template(TEMPLATE)
    page = template.render(
        report=report,
        metrics=list(METRICS),
        views=[view.label for view in VIEWS],
        figures=_figures(report),
        heat=_heat(report),
        curves=_curves(findings, config),
        bars=_bars(report),
        query_rows=_query_rows(report),
        shares=_shares(report),
        beyond=beyond(report),
        groups=example_groups(findings, catalog, config.examples),
        products=len(catalog.products),
    )
    path.write_text(page, encoding="utf-8")


def _figures(report: EvaluationReport) -> list[Figure]:
    asked = {name: task for name, task in report.tasks.items() if task.queries}
    sanity = report.sanity[WHOLE_TEXT]
    figures = [
        Figure(
            "Mean R@10 of nine tasks",
            f"{percent(report.macro.recall_10)} %",
            _between(report.macro, "R@10"),
        ),
        Figure(
            "Whole text → picture",
            f"{percent(sanity.recall_10)} %" if sanity.queries else NONE,
            f"R@10, {sanity.queries:,} queries, pool {sanity.pool:,}",
        ),
    ]
    if asked:
        best = max(asked, key=lambda name: asked[name].recall_10)
        worst = min(asked, key=lambda name: asked[name].recall_10)
        figures += [
            Figure("Strongest task", best.replace("->", " → "), _r10(asked[best])),
            Figure("Weakest task", worst.replace("->", " → "), _r10(asked[worst])),
        ]
    compared = [row for row in _query_rows(report) if row.gain is not None]
    by_hybrid = [row for row in compared if row.ranker == "hybrid"] or compared
    if by_hybrid:
        below = [row.kind for row in by_hybrid if not row.holds]
        figures.append(
            Figure(
                f"{by_hybrid[0].ranker.capitalize()} no lower than the baseline",
                f"{len(by_hybrid) - len(below)} of {len(by_hybrid)}",
                f"below: {', '.join(below)}" if below else "query types, nDCG@10 and hit@1",
            )
        )
    return figures


def _heat(report: EvaluationReport) -> list[dict[str, Any]]:
    """One 3 x 3 grid per metric."""
    return [
        {
            "metric": metric,
            "rows": [[_cell(report, task_name(q, c), metric) for c in VIEWS] for q in VIEWS],
        }
        for metric in METRICS
    ]


def _cell(report: EvaluationReport, name: str, metric: str) -> dict[str, Any]:
    task = report.tasks[name]
    value = task.value(metric)
    return {
        "name": name.replace("->", " → "),
        "shade": round(value * 100),
        "value": percent(value) if task.queries else NONE,
        "between": _between(task, metric) if task.queries else "no queries",
        "queries": task.queries,
        "pool": task.pool,
    }


def _curves(findings: Findings, config: EvaluationConfig) -> list[str]:
    depth = min(config.depth, 100)
    panels = []
    for query in VIEWS:
        lines = {}
        for candidate in VIEWS:
            outcome = findings.tasks[task_name(query, candidate)]
            if outcome.asks:
                ranks = first_hits(outcome.ranked, outcome.relevance)
                lines[f"→ {candidate.label}"] = recall_curve(ranks, depth)
        styles = [VIEW_STYLES[name.removeprefix("→ ")] for name in lines]
        panels.append(recall_curves(f"Queries {query.label}", lines, styles))
    return panels


def _bars(report: EvaluationReport) -> list[str]:
    return [
        grouped_bars(
            metric,
            {
                kind: [
                    Bar(name, by_ranker[name].value(metric), by_ranker[name].ci95[metric], style)
                    for name, style in _styled(by_ranker)
                ]
                for kind, by_ranker in report.queries.items()
            },
        )
        for metric in QUERY_METRICS
        if report.queries
    ]


def _styled(by_ranker: Mapping[str, object]) -> list[tuple[str, str]]:
    known = [name for name in RANKER_STYLES if name in by_ranker]
    others = sorted(set(by_ranker) - set(known))
    return [(name, RANKER_STYLES.get(name, "ranker-d")) for name in [*known, *others]]


def _query_rows(report: EvaluationReport) -> list[QueryRow]:
    rows = []
    for kind, by_ranker in report.queries.items():
        baseline = by_ranker.get("baseline")
        for name, _ in _styled(by_ranker):
            scores, test = by_ranker[name], by_ranker[name].test_only
            other = baseline if name != "baseline" else None
            rows.append(
                QueryRow(
                    kind=kind.replace("_", " "),
                    ranker=name,
                    ndcg=f"{scores.ndcg_10:.3f} {_brackets(scores.ci95['nDCG@10'])}",
                    hit=f"{scores.hit_1:.3f} {_brackets(scores.ci95['hit@1'])}",
                    queries=scores.queries,
                    test=f"{test.ndcg_10:.3f} / {test.hit_1:.3f} ({test.queries})"
                    if test
                    else NONE,
                    gain=scores.ndcg_10 - other.ndcg_10 if other else None,
                    hit_gain=scores.hit_1 - other.hit_1 if other else None,
                )
            )
    return rows


def _shares(report: EvaluationReport) -> list[str]:
    bars = [share_bar("Pairs of the split by kind", report.pairs, SHARE_STYLES)]
    for name, weights in report.gates.items():
        shares = {"image": weights.image, "text": weights.text}
        title = f"Mean gate where both are present: {name}"
        bars.append(share_bar(title, shares, [VIEW_STYLES["I"], VIEW_STYLES["T"]]))
    return bars


def percent(value: float) -> str:
    """A fraction as reports for people show it.

    Example:
        >>> percent(0.6204)
        '62.0'
    """
    return f"{value * 100:.1f}"


def _between(scores: Scores, metric: str) -> str:
    low, high = scores.ci95[metric]
    return f"{percent(low)} to {percent(high)}"


def _r10(task: Scores) -> str:
    return f"R@10 {percent(task.recall_10)} ({_between(task, 'R@10')})"


def _brackets(between: Interval) -> str:
    return f"[{between[0]:.3f}, {between[1]:.3f}]"
