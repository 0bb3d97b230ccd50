"""Commands: compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uniecs.cli.runtime import console, emit_json

if TYPE_CHECKING:
    from uniecs.evaluation.comparison import Comparison, Difference


def register(app: typer.Typer) -> None:
    """Add this room's commands to ``app``."""
    app.command("compare")(compare)


def compare(
    a: Annotated[Path, typer.Argument(metavar="A", help="Report folder of the one model.")],
    b: Annotated[Path, typer.Argument(metavar="B", help="Report folder of the other.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Say in which of the nine tasks two models differ: paired tests, corrected for nine.

    Example: uniecs compare reports/first reports/second
    """
    from uniecs.evaluation.comparison import compare_reports
    from uniecs.evaluation.report import altered_files

    found = compare_reports(a, b)
    for folder in (a, b):
        for name, what in altered_files(folder).items():
            console.print(f"[yellow]warning:[/yellow] {folder}: {name} is {what}", soft_wrap=True)
    if as_json:
        emit_json(found.model_dump(mode="json"))
    else:
        _show(found)


def _show(found: "Comparison") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"R@10 of {found.a} (A) and {found.b} (B)")
    for name in ("task", "A", "B", "B - A, points", "95 %", "p", "p of nine", ""):
        table.add_column(name, justify="left" if name in ("task", "") else "right")
    for name, task in found.tasks.items():
        table.add_row(name, *_cells(task), f"{task.p_holm:.4f}", "differs" if task.differs else "")
    macro = found.macro
    table.add_row("mean", *_cells(macro), "", "differs" if macro.differs else "", style="bold")
    out = Console(highlight=False)
    out.print(table)
    tasks = ", ".join(found.differing) or "none"
    out.print(
        f"Tasks that differ: {tasks} (paired randomisation test over products, "
        f"{found.config.permutations:,} flips, Holm's correction, p < {found.config.alpha:g})",
        markup=False,
        soft_wrap=True,
    )


def _cells(found: "Difference") -> list[str]:
    low, high = found.ci95
    return [
        f"{found.a:.3f}",
        f"{found.b:.3f}",
        f"{found.difference * 100:+.1f}",
        f"{low * 100:+.1f} to {high * 100:+.1f}",
        f"{found.p:.4f}",
    ]
