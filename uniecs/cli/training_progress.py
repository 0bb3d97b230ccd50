"""What a person sees of a training run: pictures, then steps with loss and rate."""

from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class TrainingProgress:
    """Receives a run's notes and draws a bar for each kind of work."""

    def __init__(self, console: Console) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[figures]}"),
            console=console,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> "TrainingProgress":
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
        """Take one note of the run."""
        if kind == "pictures":
            bar = self._bar("reading pictures", values["total"])
            self._bars.advance(bar, values["done"])
        elif kind == "states":
            bar = self._bar("asking frozen towers", values["total"])
            self._bars.update(bar, completed=values["done"], total=values["total"])
        elif kind == "step":
            figures = f"loss {values['loss']:.3f}  lr {values['lr']:.1e}"
            bar = self._bar("training", values["total"])
            self._bars.update(bar, completed=values["step"], figures=figures)
        else:
            macro = values["val"].get("macro", 0.0)
            self._bars.console.print(f"epoch {values['epoch']}: macro R@10 on val {macro:.3f}")

    def _bar(self, name: str, total: int) -> Any:
        if name not in self._tasks:
            self._tasks[name] = self._bars.add_task(name, total=total, figures="")
        return self._tasks[name]
