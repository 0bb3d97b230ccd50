"""One progress line per step, and while a step runs what it says, on a terminal."""

import re
import time
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from pipelines.local_stream import Listener
from uniecs.loop.journal import Entry, Journal

_NEWS = re.compile(r"\[KFP Executor [^]]* INFO\]: (step \d.*|epoch \d.*)")
"""Log lines of a step that tell how far it is; the executor's own lines do not look like this."""
_SIGNS = {"done": "[green]✓[/]", "refused": "[yellow]■[/]", "failed": "[red]✗[/]"}
_WIDTH = 78
_QUIET_S = 30.0
"""Off a terminal, a running step is heard of this often."""


class Display:
    """Shows a run on a console, from the engine's events and the run's journal.

    Args:
        console: Where to show it; a live line appears only on a terminal.
        journal: Tells how each step ended.
        clock: Monotonic seconds.
    """

    def __init__(
        self, console: Console, journal: Journal, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console = console
        self._journal = journal
        self._clock = clock
        self._heard = clock()
        self._status = console.status("starting", spinner="dots")
        self._running = ""

    @property
    def listener(self) -> Listener:
        """What to hand to the engine."""
        return Listener(began=self._began, ended=self._ended, said=self._said)

    def _began(self, task: str) -> None:
        self._running = task
        self._heard = self._clock()
        self._status.update(escape(task))
        self._status.start()

    def _said(self, line: str) -> None:
        said = _NEWS.match(line)
        if said is None:
            return
        news = f"{self._running:<15} {said[1][:_WIDTH]}"
        self._status.update(escape(news))
        if not self._console.is_terminal and self._clock() - self._heard >= _QUIET_S:
            self._heard = self._clock()
            self._console.print(f"[dim]… {escape(news)}[/]", soft_wrap=True)

    def _ended(self, task: str, succeeded: bool) -> None:
        self._status.stop()
        step = task.replace("-", "_")
        entry = self._journal.find(step)
        if entry is None and succeeded:
            return  # the exit handler tells of the others
        if entry is None or entry.state == "running":
            entry = self._silent(step, entry)
        self._console.print(line_of(entry), soft_wrap=True)

    def _silent(self, step: str, entry: Entry | None) -> Entry:
        """A process that ended without a word: killed, or it could not even start."""
        entry = entry or Entry(step=step, started=0.0)
        entry.state = "failed"
        entry.headline = (
            "the step's process ended without a word: it was killed or could not start; "
            f"see {self._journal.folder / 'pipeline.log'} and run the same command again"
        )
        self._journal.write(entry)
        return entry


def line_of(entry: Entry) -> str:
    """One line of a finished step, in console markup."""
    time = "reused" if entry.reused else f"{entry.seconds:.1f} s"
    return f"{_SIGNS.get(entry.state, '…')} {entry.step:<15}{time:>8}  {escape(entry.headline)}"
