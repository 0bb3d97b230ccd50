"""How a search looks in a terminal."""

from pathlib import Path
from types import TracebackType
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from uniecs.training.tuning.page import by_importance, shown
from uniecs.training.tuning.report import SearchReport
from uniecs.training.tuning.study import Trial


class SearchProgress:
    """Receives a search's notes; one bar of trials, the best so far beside it."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("trials"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[now]}"),
            TextColumn("{task.fields[best]}"),
            console=console,
        )
        self._bar = self._bars.add_task("trials", total=None, now="", best="")
        self._number = 0
        self._best: float | None = None

    def __enter__(self) -> "SearchProgress":
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()

    def __call__(self, kind: str, values: dict[str, Any]) -> None:
        """Take one note of the search or of the run that is under way."""
        if kind == "begins":
            self._number = values["number"]
            self._bars.update(self._bar, completed=self._number, total=values["trials"])
            self._show_best(values["best"])
        elif kind == "pictures":
            now = f"reading pictures {values['done']}/{values['total']}"
            self._bars.update(self._bar, now=now)
        elif kind == "step":
            done = self._number + values["step"] / values["total"]
            now = f"step {values['step']}/{values['total']}"
            self._bars.update(self._bar, completed=done, now=now)
        elif kind == "ends":
            self._tell(values["trial"])

    def _tell(self, trial: Trial) -> None:
        words = trial.note
        if trial.state == "finished":
            words = f"macro R@10 on val {trial.macro:.3f}"
            if self._best is None or (trial.macro or 0.0) > self._best:
                self._show_best(trial)
                words += ", the best so far"
        self._bars.update(self._bar, completed=trial.number + 1, now="")
        self._bars.console.print(
            f"trial {trial.number} {trial.state}: {words}", markup=False, soft_wrap=True
        )

    def _show_best(self, trial: Trial | None) -> None:
        if trial is not None:
            self._best = trial.macro
            self._bars.update(self._bar, best=f"best {trial.macro:.3f} (trial {trial.number})")


def show_search(report: SearchReport, out: Path) -> None:
    """Print the best trials with their settings, and how to repeat the first."""
    console = Console(highlight=False)
    counted = ", ".join(f"{count} {state}" for state, count in report.counted().items())
    if report.best:
        console.print(_best(report))
    console.print(f"{len(report.trials)} trials: {counted}", markup=False)
    console.print(f"plots: {out / 'trials.html'}", markup=False, soft_wrap=True)
    if report.command:
        console.print("the best one again:", markup=False)
        console.print(report.command, markup=False, soft_wrap=True)


def _best(report: SearchReport) -> Table:
    trials = [report.trials[number] for number in report.best]
    table = Table(
        title="The best trials by number", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )  # five trials and the longest of our keys in 80 columns
    table.add_column("setting", no_wrap=True)
    if report.importance:
        table.add_column("importance", justify="right")
    for trial in trials:
        table.add_column(f"#{trial.number}", justify="right")
    unrated = [""] if report.importance else []
    macros = [f"{trial.macro or 0.0:.3f}" for trial in trials]
    table.add_row("macro R@10 on val", *unrated, *macros, style="bold", end_section=True)
    for key in by_importance(report):
        rated = [f"{report.importance[key]:.0%}"] if report.importance else []
        table.add_row(key, *rated, *(shown(trial.settings[key], 2) for trial in trials))
    return table
