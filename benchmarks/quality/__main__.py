"""``python -m benchmarks.quality``: train every arm with the same steps, compare, write it up."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.quality.arms import BY_NAME, CATALOGS, Run, plan
from benchmarks.quality.catalogs import shown_catalog, small_catalog, without_queries
from benchmarks.quality.running import finished, perform, run_folder
from benchmarks.speed.report import put_into

OUT = Path("benchmarks/results/quality")
PAGE = Path("docs/evidence.md")

app = typer.Typer(
    help="Quality beside the arms that ours is compared with, at equal optimizer steps.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def run_command(
    context: typer.Context,
    *,
    budget_minutes: Annotated[
        float, typer.Option(min=0, help="No run is begun that would likely end after this.")
    ] = 60.0,
    myntra: Annotated[
        Path, typer.Option(help="The myntra_dev catalog; its runs are left out where it is absent.")
    ] = Path("../shared/data/myntra_dev"),
    workers: Annotated[
        int, typer.Option(min=1, help="Runs at a time; each has its share of the cores.")
    ] = 2,
    out: Annotated[Path, typer.Option(help="Where runs are kept; finished ones are reused.")] = OUT,
    page: Annotated[Path, typer.Option(help="Page whose marked figures are replaced.")] = PAGE,
) -> None:
    """Run what has not run, as far as the budget goes, and write the tables.

    Example: python -m benchmarks.quality --budget-minutes 30
    """
    if context.invoked_subcommand:
        return
    if budget_minutes:
        _run(budget_minutes, workers, myntra, out)
    _write(out, page)


def _run(budget_minutes: float, workers: int, myntra: Path, out: Path) -> None:
    """Train what is left, the most telling first, until the budget is spent."""
    deadline = time.monotonic() + 60 * budget_minutes
    left = [run for run in plan() if not finished(out, run)]
    for package in {BY_NAME[run.arm].needs for run in left} - {""}:
        if find_spec(package) is None:
            _say(f"{package} is not installed (pip install 'uniecs[minilm]'): its arm is left out")
            left = [run for run in left if BY_NAME[run.arm].needs != package]
    asked = [
        (run, folder)
        for run in left
        if (folder := small_catalog(run.catalog, myntra, out)) is not None
    ]
    for run, folder in asked:  # before two of them want the same copy
        shown_catalog(folder, BY_NAME[run.arm].shown, out / run.catalog)
        if not CATALOGS[run.catalog].queries:
            without_queries(folder, out / run.catalog)
    took: dict[str, float] = {}

    def one(number: int, run: Run, folder: Path) -> None:
        began = time.monotonic()
        if began + took.get(run.catalog, 0.0) > deadline:
            return
        _say(f"{number} of {len(asked)}: {run.catalog}, {run.arm}, seed {run.seed}")
        command = [
            sys.executable, "-m", "benchmarks.quality", "one", run.catalog, run.arm,
            str(run.seed), "--catalog", str(folder), "--out", str(out),
        ]  # fmt: skip
        threads = str(max(1, (os.cpu_count() or 1) // workers))
        environment = {**os.environ, "OMP_NUM_THREADS": threads}  # noqa: TID251
        subprocess.run(command, check=True, env=environment)
        took[run.catalog] = time.monotonic() - began

    with ThreadPoolExecutor(workers) as pool:
        runs = [pool.submit(one, number, *each) for number, each in enumerate(asked, 1)]
    for done in runs:
        done.result()


@app.command("one", hidden=True)
def one_command(
    name: str,
    arm: str,
    seed: int,
    *,
    catalog: Annotated[Path, typer.Option()],
    out: Annotated[Path, typer.Option()],
) -> None:
    """One run, in a process of its own."""
    run = Run(name, arm, seed)
    run_folder(out, run).mkdir(parents=True, exist_ok=True)
    perform(run, catalog, out)


@app.command("report")
def report_command(
    *,
    out: Annotated[Path, typer.Option(help="Where runs are kept.")] = OUT,
    page: Annotated[Path, typer.Option(help="Page whose marked figures are replaced.")] = PAGE,
) -> None:
    """Write the tables of the runs that are there.

    Example: python -m benchmarks.quality report
    """
    _write(out, page)


def _write(out: Path, target: Path) -> None:
    from benchmarks.quality.figures import Results
    from benchmarks.quality.page import page

    text = page(Results(out))
    put_into(target, text)
    sys.stdout.write(text)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    app()
