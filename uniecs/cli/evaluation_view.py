"""How an evaluation looks in a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)  # fmt: skip
from rich.table import Table

from uniecs.catalog.presence import VIEWS, task_name
from uniecs.evaluation.report import EvaluationReport, QueryScores
from uniecs.evaluation.views import Progress as Tell

LOWER = "↓"


@contextmanager
def shown_progress(on: Console) -> Iterator[Tell]:
    """A progress bar for each part of an evaluation."""
    bars: dict[str, TaskID] = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=on) as progress:

        def tell(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done, total=total)

        yield tell


def show_report(report: EvaluationReport, folder: Path) -> None:
    """Print the nine tasks and the query types to stdout, for people."""
    console = Console(highlight=False)
    console.print(_tasks(report))
    if report.queries:
        console.print(_queries(report))
    for name, scores in report.sanity.items():
        low, high = scores.ci95["R@10"]
        console.print(
            f"{name}: R@10 {scores.recall_10:.3f} [{low:.3f}, {high:.3f}], "
            f"{scores.queries} queries, pool {scores.pool}",
            markup=False,
        )
    for line in _beyond(report):
        console.print(line, markup=False, soft_wrap=True)
    console.print(f"report: {folder / 'report.html'}", markup=False, soft_wrap=True)


def _beyond(report: EvaluationReport) -> Iterator[str]:
    if shared := report.leakage:
        yield (
            f"shared with train: {shared.titles:,} titles and {shared.pictures:,} pictures of "
            f"{shared.listings:,} listings"
        )
    if report.pool_sizes:
        sizes = [f"{size.macro.recall_10:.3f} of {size.reached:,}" for size in report.pool_sizes]
        yield f"mean R@10 as the pool grows: {', '.join(sizes)} candidates"
    if report.mixed_pool:
        biases = [
            f"{name} {found.largest_bias * 100:.0f} points"
            for name, found in report.mixed_pool.queries.items()
        ]
        yield f"largest modality bias in a mixed pool, by queries: {', '.join(biases)}"
    if report.degradation:
        ends = [
            f"{name.replace('_', ' ')} {points[-1].fallback.recall_10:.3f}"
            for name, points in report.degradation.curves.items()
        ]
        yield f"mean R@10 of tasks that had both: {', '.join(ends)}"


def _tasks(report: EvaluationReport) -> Table:
    low, high = report.macro.ci95["R@10"]
    table = Table(
        title=f"R@10 of the nine tasks, mean {report.macro.recall_10:.3f} [{low:.3f}, {high:.3f}]"
    )
    table.add_column("query")
    for view in VIEWS:
        table.add_column(f"to {view.label}", justify="right")
    for query in VIEWS:
        tasks = [report.tasks[task_name(query, candidate)] for candidate in VIEWS]
        table.add_row(query.label, *(f"{t.recall_10:.3f}" if t.queries else "-" for t in tasks))
    return table


def _queries(report: EvaluationReport) -> Table:
    rankers = list(dict.fromkeys(name for found in report.queries.values() for name in found))
    table = Table(
        title="Query types in the whole catalog: nDCG@10 / hit@1",
        caption=f"{LOWER} lower than the baseline",
    )
    table.add_column("type")
    for name in rankers:
        table.add_column(name, justify="right")
    table.add_column("queries", justify="right")
    for kind, found in report.queries.items():
        cells = [_figures(found[name], found.get("baseline")) if name in found else "-"
                 for name in rankers]  # fmt: skip
        table.add_row(kind, *cells, str(next(iter(found.values())).queries))
    return table


def _figures(scores: QueryScores, baseline: QueryScores | None) -> str:
    other = baseline or scores
    pairs = ((scores.ndcg_10, other.ndcg_10), (scores.hit_1, other.hit_1))
    return " / ".join(f"{own:.3f}{LOWER * (own < bar)}" for own, bar in pairs)
