"""``python -m benchmarks.speed``: measure speed side by side with the peers, and report it."""

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.speed.cells import Cell, measure, rows_of
from benchmarks.speed.machine import IDLE_LIMIT, busy_share, commit, load, machine
from benchmarks.speed.report import put_into, report, reports
from benchmarks.speed.rounds import Effort
from benchmarks.speed.rows import RESULTS, append, last_run, last_runs
from benchmarks.speed.sizes import SIZES
from benchmarks.speed.suites import encode, scaling, train

ARMS = ("uniecs", "open_clip", "sentence_transformers")

SCALING_SHARES = 3
"""Cells' worth of the budget that is kept for the scaling suite."""


class Suite(StrEnum):
    """What can be measured."""

    ENCODE = "encode"
    TRAIN = "train"
    SCALING = "scaling"


class TowerSize(StrEnum):
    """Sizes of the towers."""

    SMALL = "small"
    VIT_B_32 = "vit-b-32"


app = typer.Typer(
    help="Speed of training and encoding, side by side with open_clip and sentence_transformers.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Results = Annotated[Path, typer.Option(help="File that rows are appended to.")]


@app.command()
def peers() -> None:
    """Create .venv-peers, where open_clip and sentence_transformers live.

    Example: python -m benchmarks.speed peers
    """
    from benchmarks.speed.environment import make_peers

    make_peers()


@app.command("run")
def run_command(
    *,
    suites: Annotated[
        list[Suite] | None, typer.Option("--suite", help="All by default; may be repeated.")
    ] = None,
    sizes: Annotated[
        list[TowerSize] | None, typer.Option("--size", help="All by default; may be repeated.")
    ] = None,
    budget_minutes: Annotated[float, typer.Option(min=0.1, help="Time for all of it.")] = 60.0,
    max_rows: Annotated[int, typer.Option(min=1_000, help="Of the scaling suite.")] = 100_000,
    allow_busy: Annotated[
        bool, typer.Option("--allow-busy", help="Measure a busy machine too, marked as such.")
    ] = False,
    results: Results = RESULTS,
) -> None:
    """Measure, append rows, and print the tables. Exit code 1 when the machine is busy.

    Example: python -m benchmarks.speed run --suite encode --size small --budget-minutes 5
    """
    busy = busy_share()
    if busy > IDLE_LIMIT and not allow_busy:
        _say(
            f"The processors are {busy:.0%} busy, the limit is {IDLE_LIMIT:.0%}: figures would not "
            "be worth publishing. Wait, or give --allow-busy to mark them as such."
        )
        raise typer.Exit(1)
    common: dict[str, Any] = {
        "run": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "commit": commit(),
        "idle": busy <= IDLE_LIMIT,
        "busy_before": round(busy, 3),
        "load_before": load(),
    }
    chosen = suites or list(Suite)
    names = [size.value for size in sizes or list(TowerSize)]
    deadline = time.monotonic() + 60 * budget_minutes
    with tempfile.TemporaryDirectory() as folder:
        _say("drawing pictures")
        _draw(Path(folder), names)
        scales = Suite.SCALING in chosen
        shares = SCALING_SHARES if scales else 0
        _measure_cells(_cells(chosen, names, folder), deadline, common, results, after=shares)
        if scales:
            rows = [size for size in scaling.TRIALS if size <= max_rows]
            _say("scaling")
            scaled = scaling.measure_scaling(rows, folder, common, _say, deadline=deadline)
            append(scaled, results)
    sys.stdout.write(report(last_run(results)))


@app.command("report")
def report_command(
    *,
    into: Annotated[
        Path | None, typer.Option(help="Page whose marked figures are replaced.")
    ] = None,
    results: Results = RESULTS,
) -> None:
    """Print the tables of the last run of every suite.

    Example: python -m benchmarks.speed report --into docs/speed.md
    """
    figures = reports(last_runs(results))
    if into is None:
        sys.stdout.write(figures)
    else:
        put_into(into, figures)


def _draw(folder: Path, sizes: list[str]) -> None:
    from benchmarks.speed.inputs import draw_inputs

    draw_inputs(folder, max(SIZES[name].items for name in sizes))


def _cells(suites: list[Suite], sizes: list[str], inputs: str) -> list[Cell]:
    makers: dict[Suite, Callable[..., list[Cell]]] = {
        Suite.ENCODE: encode.cells,
        Suite.TRAIN: train.cells,
    }
    return [cell for s in suites if s in makers for cell in makers[s](sizes, inputs, ARMS)]


def _measure_cells(
    cells: list[Cell], deadline: float, common: dict[str, Any], results: Path, *, after: int
) -> None:
    """Each cell gets an equal share of the time that is left; ``after`` shares are kept."""
    for number, cell in enumerate(cells):
        left = deadline - time.monotonic()
        share = time.monotonic() + max(0.0, left) / (len(cells) - number + after)
        name = f"{cell.suite}, {cell.size}, batch {cell.spec.get('batch', '-')}"
        _say(f"{number + 1} of {len(cells)}: {name}")
        measured = measure(cell, Effort(deadline=share), _say)
        append(rows_of(cell, measured, common), results)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    app()
