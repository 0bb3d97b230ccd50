"""A run's summary on a terminal."""

from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from uniecs.loop.summary import RunSummary

_TASK_METRICS = ("R@1", "R@5", "R@10", "MRR@10", "nDCG@10")
_QUERY_METRICS = ("nDCG@10", "hit@1")
_RANKERS = ("encoder", "hybrid", "baseline")
LOWER = " ↓"


def print_summary(summary: RunSummary, console: Console) -> None:
    """Print everything that the run reached."""
    if summary.validation:
        _print_rows(summary.validation, console)
    if summary.tasks:
        console.print(_task_table(summary))
    if summary.queries:
        console.print(_query_table(summary))
    for example in summary.examples:
        console.print(_example_table(example))
    _print_live(summary, console)
    _print_outcome(summary, console)


def _print_rows(validation: dict[str, Any], console: Console) -> None:
    console.print(
        f"\n[bold]Catalog[/]  {validation['rows']:,} rows, {validation['accepted']:,} accepted, "
        f"{validation['quarantined']:,} quarantined"
    )


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
        pad_edge=False, collapse_padding=True,
    )  # fmt: skip
    for position, column in enumerate(columns):
        table.add_column(column, justify="left" if position == 0 else "right", no_wrap=True)
    return table


def _task_table(summary: RunSummary) -> Table:
    table = _table("Nine tasks, test split", "query -> candidate", *_TASK_METRICS, "queries")
    for name, values in summary.tasks.items():
        table.add_row(name, *_cells(values, _TASK_METRICS), f"{values['queries']:,}")
    if summary.macro:
        table.add_section()
        table.add_row("macro", *_cells(summary.macro, _TASK_METRICS), "")
    return table


def _cells(values: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [f"{values[name]:.3f}" if values.get(name) is not None else "-" for name in names]


def _query_table(summary: RunSummary) -> Table:
    headings = [f"{ranker}\n{metric}" for ranker in _RANKERS for metric in _QUERY_METRICS]
    table = _table("Query types, whole catalog", "type", *headings, "queries")
    table.caption = f"{LOWER.strip()} lower than the baseline"
    for name, rankers in summary.queries.items():
        baseline = rankers.get("baseline") or {}
        cells = [
            cell + LOWER * ((values.get(metric) or 0.0) < baseline.get(metric, 0.0))
            for values in (rankers.get(ranker) or {} for ranker in _RANKERS)
            for metric, cell in zip(_QUERY_METRICS, _cells(values, _QUERY_METRICS), strict=True)
        ]
        counts = [values["queries"] for values in rankers.values() if "queries" in values]
        table.add_row(name, *cells, f"{max(counts, default=0):,}")
    return table


def _example_table(example: dict[str, Any]) -> Table:
    asked = " + ".join(filter(None, [example["image"], example["text"] and f"{example['text']!r}"]))
    title = f"Search by {example['kind']}: {escape(asked)}"
    table = _table(title, "", "product", "title", "price", "score")
    table.columns[1].justify = "left"
    table.columns[2].justify = "left"
    for rank, hit in enumerate(example["hits"], start=1):
        price = "-" if hit.get("price") is None else f"{hit['price']:,.2f}"
        table.add_row(str(rank), escape(hit["product_id"]), escape(str(hit["title"] or "")[:60]),
                      price, f"{hit['score']:.3f}")  # fmt: skip
    return table


def _print_live(summary: RunSummary, console: Console) -> None:
    live = summary.live
    if live.model_version:
        console.print(
            f"[bold]Live[/]  model {live.model_version} ({live.stage}), generation "
            f"{live.generation or 'none'}, release {live.release or 'none'}"
        )
    if summary.verdict:
        reasons = ", ".join(reason["check"] for reason in summary.verdict.get("reasons", []))
        simulated = " (online figures are simulated)" if summary.verdict.get("simulated") else ""
        console.print(
            f"[bold]Monitoring[/]  {summary.verdict['verdict']}"
            + (f": {escape(reasons)}" if reasons else "")
            + simulated
        )
    for name, page in summary.reports.items():
        console.print(f"[bold]Report[/]  {name:<9} {escape(str(page))}", soft_wrap=True)
    console.print(
        f"[bold]Summary[/]  {escape(str(summary.folder / 'summary.html'))}", soft_wrap=True
    )


def _print_outcome(summary: RunSummary, console: Console) -> None:
    seconds = sum(line.seconds for line in summary.steps)
    reused = sum(line.reused for line in summary.steps)
    colour = {"promoted": "green", "refused": "yellow", "failed": "red"}[summary.outcome]
    console.print(
        f"\n[bold {colour}]{summary.outcome}[/]  {len(summary.steps)} steps in {seconds:.0f} s, "
        f"{reused} reused"
    )
    if summary.message:
        console.print(escape(summary.message), soft_wrap=True)
