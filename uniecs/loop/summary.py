"""What a person wants to know when a run is over: one document, gathered from its journal.

It is written whichever way the run ended; parts that the run did not reach are empty.
"""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from uniecs.errors import StepError
from uniecs.loop.journal import Entry, Journal
from uniecs.steps.durability import write_durably

FILE = "summary.json"
Outcome = Literal["promoted", "refused", "failed"]
REPORTS: dict[str, str] = {
    "validate": "validation.html",
    "evaluate": "report.html",
    "monitor": "index.html",
}
"""Steps that show a page, and its name in the step's folder of the run."""


class Part(BaseModel):
    """A part of the summary."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StepLine(Part):
    """How one step went."""

    step: str
    state: str
    seconds: float
    reused: bool
    headline: str


class Live(Part):
    """What is deployed after the run; None where nothing is."""

    model_version: str | None = None
    stage: str | None = None
    generation: str | None = None
    release: str | None = None


class RunSummary(Part):
    """Everything that is told of a run.

    Attributes:
        message: Why the run did not end in a promotion; else empty.
        validation: Rows, accepted, quarantined and checks.
        tasks: Task name -> metrics, as in the evaluation's ``report.json``.
        queries: Query type -> ranker -> metrics, as in ``report.json``.
        examples: Searches with their top 3 hits.
        verdict: What monitoring concluded.
        reports: Name of a step -> its HTML page.
    """

    run_id: str
    folder: Path
    outcome: Outcome
    message: str = ""
    validation: dict[str, Any] = {}
    tasks: dict[str, dict[str, Any]] = {}
    macro: dict[str, Any] = {}
    queries: dict[str, dict[str, Any]] = {}
    live: Live = Live()
    examples: list[dict[str, Any]] = []
    verdict: dict[str, Any] = {}
    reports: dict[str, Path] = {}
    steps: list[StepLine] = []


def gather(journal: Journal, *, live: Live, engine_state: str) -> RunSummary:
    """Make the summary of what the journal holds.

    Args:
        journal: The run's steps.
        live: What is deployed now.
        engine_state: ``SUCCEEDED``, or how else the pipeline engine says that the steps ended.
    """
    entries = {entry.step: entry for entry in journal.entries()}
    reports = {name: entry.report for name, entry in entries.items()}
    evaluation = reports.get("evaluate", {})
    outcome, message = _outcome(entries, engine_state)
    return RunSummary(
        run_id=journal.run_id,
        folder=journal.folder,
        outcome=outcome,
        message=message,
        validation=reports.get("validate", {}),
        tasks=evaluation.get("tasks", {}),
        macro=evaluation.get("macro", {}),
        queries=evaluation.get("queries", {}),
        live=live,
        examples=reports.get("examples", {}).get("examples", []),
        verdict=reports.get("monitor", {}),
        reports={
            name: journal.folder / name / page
            for name, page in REPORTS.items()
            if (journal.folder / name / page).is_file()
        },
        steps=[
            StepLine(**entry.model_dump(include=set(StepLine.model_fields)))
            for entry in entries.values()
        ],
    )


def _outcome(entries: dict[str, Entry], engine_state: str) -> tuple[Outcome, str]:
    for entry in entries.values():
        if entry.state in ("refused", "failed", "running"):
            outcome: Outcome = "refused" if entry.state == "refused" else "failed"
            headline = entry.headline or "its process was killed; run again to go on"
            return outcome, f"{entry.step}: {headline}"
    gate = entries.get("gate")
    if gate is None:
        return "failed", "the run ended before its gate; see pipeline.log"
    if not gate.report["passed"]:
        return "refused", f"gate: {gate.headline}"
    if engine_state != "SUCCEEDED":
        return "failed", f"the engine ended with {engine_state}; see pipeline.log"
    return "promoted", ""


def write_summary(summary: RunSummary) -> Path:
    """Write ``summary.json`` into the run's folder."""
    path = summary.folder / FILE
    write_durably(path, summary.model_dump_json(indent=1).encode())
    return path


def read_summary(folder: Path) -> RunSummary:
    """The summary of the run in ``folder``.

    Raises:
        StepError: When the run has written none.
    """
    path = folder / FILE
    if not path.is_file():
        raise StepError(
            f"{folder} has no {FILE}: the run ended before it could write one. "
            f"See {folder / 'pipeline.log'}, and run the same command again."
        )
    return RunSummary(**json.loads(path.read_bytes()))
