"""What each step of a pipeline run did: one small JSON file a step, under the run's folder.

The journal outlives any step's failure, which is what the closing summary is written from.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from uniecs.errors import GateRefused, UniECSError
from uniecs.settings import Settings
from uniecs.steps import StepOutput
from uniecs.steps.durability import write_durably

State = Literal["running", "done", "refused", "failed"]


class Entry(BaseModel):
    """One step of one run.

    Attributes:
        seconds: Wall clock of the step's work, without starting its process.
        cpu_seconds: Processor time of the step's own process.
        headline: One line for a person: what the step found, or why it stopped.
        report: What the step's work returned.
        folder: The step's output; empty until it is done.
    """

    model_config = ConfigDict(extra="forbid")

    step: str
    state: State = "running"
    started: float
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    reused: bool = False
    headline: str = ""
    report: dict[str, Any] = {}
    folder: str = ""


class Journal:
    """The steps of one run, in the order in which they began.

    Args:
        settings: The run's folder is ``<root>/runs/<run_id>``.
    """

    def __init__(self, settings: Settings, run_id: str) -> None:
        self.run_id = run_id
        self.folder = settings.root / "runs" / run_id
        self._entries = self.folder / "steps"

    @contextmanager
    def step(self, name: str) -> Iterator["Recording"]:
        """Record a step from its beginning to its end, whichever way it ends."""
        recording = Recording(self, Entry(step=name, started=time.time()))
        self.write(recording.entry)
        try:
            yield recording
        except UniECSError as error:
            state: State = "refused" if isinstance(error, GateRefused) else "failed"
            recording.end(state, str(error))
            raise
        except BaseException as error:
            recording.end("failed", f"{type(error).__name__}: {error}")
            raise
        recording.end("done", recording.entry.headline)

    def write(self, entry: Entry) -> None:
        """Store one entry, replacing an earlier one of the same step."""
        self._entries.mkdir(parents=True, exist_ok=True)
        text = entry.model_dump_json(indent=1)
        write_durably(self._entries / f"{entry.step}.json", text.encode())

    def entries(self) -> list[Entry]:
        """All entries, in the order in which the steps began."""
        found = [Entry(**json.loads(path.read_bytes())) for path in self._entries.glob("*.json")]
        return sorted(found, key=lambda entry: entry.started)

    def find(self, step: str) -> Entry | None:
        """The entry of a step, if it began."""
        path = self._entries / f"{step}.json"
        return Entry(**json.loads(path.read_bytes())) if path.exists() else None


class Recording:
    """The entry of a step that is under way."""

    def __init__(self, journal: Journal, entry: Entry) -> None:
        self._journal = journal
        self.entry = entry

    def finished(self, output: StepOutput, headline: str) -> None:
        """Take over what the step made."""
        self.entry.reused = output.reused
        self.entry.report = output.report
        self.entry.folder = str(output.folder)
        self.entry.headline = headline

    def end(self, state: State, headline: str) -> None:
        """Write the final state."""
        self.entry.state = state
        self.entry.headline = headline
        self.entry.seconds = round(time.time() - self.entry.started, 3)
        self.entry.cpu_seconds = round(time.process_time(), 3)
        self._journal.write(self.entry)

    @property
    def reports(self) -> Path:
        """Where this run shows the step's reports."""
        return self._journal.folder / self.entry.step
