"""Watch what is live: has the catalog drifted, and what do shoppers do?"""

import json
from pathlib import Path
from typing import Any, Protocol

from uniecs.errors import StepError
from uniecs.loop.journal import Journal
from uniecs.loop.materialize import events_so_far
from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings
from uniecs.steps import StepOutput

EVENTS = "events.parquet"


class MonitorSpec(LoopSpec):
    """Which catalog is served by which release."""

    paired: Path
    release: str


class Judge(Protocol):
    """Compares two catalogs and the events, writes pages and ``verdict.json`` into ``report``."""

    def __call__(
        self, *, reference: Path, current: Path, report: Path, events: Path | None
    ) -> object:
        """See ``monitoring.report.make_report``."""


def run(spec: MonitorSpec, settings: Settings, judge: Judge) -> StepOutput:
    """Compare the served catalog with the one before it, and judge online figures.

    Args:
        spec: What is live.
        settings: Installation.
        judge: How reports are made; monitoring is an adapter, so it is handed in.
    """

    @loop_step("monitor")
    def monitor(spec: MonitorSpec, settings: Settings) -> Step:
        reference = previous_output(settings, spec.run_id) or spec.paired
        return Step(
            inputs={
                "reference": published_digest(reference, "catalog"),
                "current": published_digest(spec.paired, "catalog"),
                "events": events_so_far(settings),
                "release": spec.release,
            },
            code=[
                "monitoring",
                "uniecs.catalog",
                "uniecs.encoder",
                "uniecs.inference",
                "uniecs.registry",
                "uniecs.experiments",
            ],
            work=lambda folder: _work(spec, settings, reference, folder, judge),
            headline=_headline,
            shows="report",
        )

    return monitor(spec, settings)


def previous_output(settings: Settings, run_id: str) -> Path | None:
    """Where the latest earlier run that was promoted keeps its split catalog."""
    for summary in sorted((settings.root / "runs").glob("*/summary.json"), reverse=True):
        earlier = summary.parent.name
        if earlier == run_id or json.loads(summary.read_bytes())["outcome"] != "promoted":
            continue
        entry = Journal(settings, earlier).find("split_and_pair")
        if entry is not None and Path(entry.folder).is_dir():
            return Path(entry.folder)
    return None


def _work(
    spec: MonitorSpec, settings: Settings, reference: Path, folder: Path, judge: Judge
) -> dict[str, Any]:
    from uniecs.experiments.event_store import EventStore

    events = EventStore(settings).read()
    if len(events):
        events.to_parquet(folder / EVENTS)
    judge(
        reference=reference / "catalog",
        current=spec.paired / "catalog",
        report=folder / "report",
        events=folder / EVENTS if len(events) else None,
    )
    try:
        verdict: dict[str, Any] = json.loads((folder / "report" / "verdict.json").read_bytes())
    except FileNotFoundError:
        raise StepError("Monitoring ended without verdict.json; see the step's log.") from None
    return verdict


def _headline(report: Report) -> str:
    reasons = ", ".join(reason["check"] for reason in report["reasons"])
    simulated = " (online figures are simulated)" if report["simulated"] else ""
    return f"{report['verdict']}{': ' + reasons if reasons else ''}{simulated}"
