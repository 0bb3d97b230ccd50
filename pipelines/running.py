"""One run of the retraining pipeline on this machine, from request to summary."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict
from rich.console import Console

from pipelines.compiling import compile_retraining
from pipelines.display import Display
from pipelines.local_run import run_compiled
from uniecs.loop.journal import Journal
from uniecs.loop.summary import RunSummary, read_summary
from uniecs.loop.summary_text import print_summary
from uniecs.settings import Settings


class RunRequest(BaseModel):
    """Parameters of the pipeline, as a person gives them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    catalog: Path
    preset: str = "small"
    overrides: tuple[str, ...] = ()
    sessions: int = 300


def run_retraining(
    request: RunRequest, *, run_id: str, settings: Settings, console: Console
) -> RunSummary:
    """Compile the pipeline, run the YAML, show one line per step and the summary.

    Raises:
        StepError: When the run ended before it could write its summary.
    """
    journal = Journal(settings, run_id)
    package = compile_retraining(journal.folder / "pipeline.yaml")
    arguments = {
        "catalog": str(request.catalog),
        "run_id": run_id,
        "preset": request.preset,
        "overrides": list(request.overrides),
        "sessions": request.sessions,
    }
    display = Display(console, journal)
    run_compiled(package, arguments, folder=journal.folder, listener=display.listener)
    summary = read_summary(journal.folder)
    print_summary(summary, console)
    return summary
