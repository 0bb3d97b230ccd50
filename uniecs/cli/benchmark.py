"""Command: ``uniecs benchmark build``."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uniecs.cli.runtime import console, emit_json

if TYPE_CHECKING:
    from uniecs.evaluation.benchmark import BenchmarkSummary

FEW = 50
"""Pairs in test below which a figure says little."""

benchmark = typer.Typer(
    help="Build benchmarks from catalogs.", no_args_is_help=True, rich_markup_mode=None
)


@benchmark.callback()
def _group() -> None:
    """Build benchmarks from catalogs."""


def register(app: typer.Typer) -> None:
    """Add this room's commands to ``app``."""
    app.add_typer(benchmark, name="benchmark")


@benchmark.command()
def build(
    catalog: Annotated[Path, typer.Argument(metavar="CATALOG", help="Catalog folder.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New or empty folder.")],
    events: Annotated[
        Path | None,
        typer.Option(help="Events (.jsonl or .parquet) whose clicks make pairs, too."),
    ] = None,
    min_support: Annotated[
        int, typer.Option(min=1, help="Visits in which both products were clicked.")
    ] = 3,
    per_category: Annotated[
        int, typer.Option(min=1, help="Most pairs of a category in a split.")
    ] = 200,
    resplit: Annotated[
        bool,
        typer.Option(
            "--resplit", help="New splits with the pairs in test; OUT holds the whole catalog."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Make pairs of a trigger and the listing to recall, without leaks from train to test.

    OUT is a catalog folder itself, with pairs.parquet, balanced.parquet, a dataset card and a
    leakage report; `uniecs evaluate MODEL OUT` measures a model on its pairs.

    Example: uniecs benchmark build shop shop-benchmark --events clicks.jsonl
    """
    from uniecs.cli.evaluation_view import shown_progress
    from uniecs.evaluation.benchmark import BenchmarkConfig, build_benchmark

    with shown_progress(console) as progress:
        summary = build_benchmark(
            catalog,
            out,
            clicks=_clicks(events) if events else None,
            config=BenchmarkConfig(
                seed=seed, per_category=per_category, min_support=min_support, resplit=resplit
            ),
            progress=progress,
        )
    if as_json:
        emit_json(summary.model_dump(mode="json"))
    else:
        typer.echo(_sentences(summary))
    if summary.splits["test"] < FEW and not resplit:
        console.print(
            f"only {summary.splits['test']} pairs are in test: with --resplit, new splits put the "
            "pairs there, and OUT holds the rest of the catalog to train on",
            soft_wrap=True,
        )


def _clicks(events: Path) -> Iterator[tuple[str, str]]:
    """(visit, product_id) of every click; the visit is the query, else the session or user."""
    from uniecs.experiments.event_files import read_events

    table = read_events(events)
    table = table[table["type"] == "click"]
    visits = table["query_id"].fillna(table["session_id"]).fillna(table["user_id"])
    yield from zip(visits.astype(str), table["product_id"].astype(str), strict=True)


def _sentences(summary: "BenchmarkSummary") -> str:
    made = ", ".join(f"{count:,} by {name}" for name, count in summary.pairs.items() if count)
    splits = ", ".join(f"{name} {count:,}" for name, count in summary.splits.items())
    removed = ", ".join(f"{code} {count:,}" for code, count in summary.removed.items())
    lines = [
        f"{summary.folder}: {sum(summary.pairs.values()):,} pairs ({made}; {splits})",
        f"rows: {summary.rows.read:,} read, {summary.rows.usable:,} usable, "
        f"{summary.rows.in_pairs:,} in pairs",
        f"removed: {removed or 'nothing'}",
        f"balanced subset: {summary.balanced.rows:,} rows",
    ]
    if accuracy := summary.balanced.accuracy:
        lines[-1] += (
            f"; right by the picture alone {accuracy.image:.3f}, by the title alone "
            f"{accuracy.text:.3f}, by both {accuracy.both:.3f} (chance .500)"
        )
    lines.append(f"card: {summary.folder / 'README.md'}")
    return "\n".join(lines)
