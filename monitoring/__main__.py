"""``python -m monitoring``: reports that end in a verdict, and the dashboard of all of them."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from uniecs.cli.runtime import console, emit_json, run
from uniecs.errors import GateRefused
from uniecs.settings import Settings

app = typer.Typer(
    help="Is what we serve still what we trained on? Drift reports and their dashboard.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class FailOn(StrEnum):
    """Verdicts that a caller may turn into a failure."""

    DRIFTED = "drifted"


@app.command()
def report(
    reference: Annotated[Path, typer.Option(help="Catalog folder of the past.")],
    current: Annotated[Path, typer.Option(help="Catalog folder of today.")],
    report: Annotated[Path, typer.Option(help="Folder for verdict.json and the pages.")],
    model: Annotated[
        str | None, typer.Option(help="Model folder or version; production by default.")
    ] = None,
    events: Annotated[
        Path | None, typer.Option(help="Events, .jsonl or .parquet, for CTR and revenue.")
    ] = None,
    fail_on: Annotated[
        FailOn | None, typer.Option(help="Exit with 1 when the verdict is this.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Compare two catalogs, the embeddings of a model on them, and online figures.

    The verdict is healthy, drifted or insufficient_data; missing data is never healthy.

    Example: python -m monitoring report --reference shop-may --current shop-june --report out
    """
    from monitoring.report import ReportSpec, make_report

    spec = ReportSpec(
        reference=reference, current=current, report=report, model=model, events=events
    )
    with console.status("reading") as status:
        verdict = make_report(spec, Settings(), say=status.update)
    if json:
        emit_json(verdict.model_dump())
    page = (report / "index.html").as_posix()
    console.print(f"verdict: {verdict.verdict}; see {page}", markup=False, soft_wrap=True)
    if fail_on is not None and verdict.verdict == fail_on.value:
        names = ", ".join(reason.check for reason in verdict.reasons)
        raise GateRefused(
            f"The verdict is {verdict.verdict} ({names}); {page} shows what changed.",
            report=verdict.model_dump(),
        )


@app.command()
def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8001,
) -> None:
    """Serve every report's figures over time, until interrupted.

    Example: python -m monitoring dashboard --port 8001
    """
    from monitoring.workspace import create_workspace, serve_workspace

    folder = create_workspace(Settings())
    console.print(f"dashboard of {folder} at http://{host}:{port}", markup=False, soft_wrap=True)
    serve_workspace(folder, host=host, port=port)


if __name__ == "__main__":
    run(app)
