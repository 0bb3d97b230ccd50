"""Command: tune."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from uniecs.training.tuning.report import SearchReport


def register(app: typer.Typer) -> None:
    """Add ``tune`` to ``app``."""
    app.command("tune")(tune)


def tune(
    catalog: Annotated[Path, typer.Argument(help="Catalog folder; validate it first.")],
    out: Annotated[
        Path, typer.Option("--out", help="Folder of the search; given again, it goes on.")
    ],
    trials: Annotated[int, typer.Option(min=1, help="In all, finished ones counted.")] = 20,
    preset: Annotated[str, typer.Option(help="small (scratch, CPU, minutes) or base.")] = "small",
    space: Annotated[
        Path | None, typer.Option(help="What to search, .json or .toml; see docs/tuning.md.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Fix one setting; repeatable."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="After so many no further trial begins.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Search for better settings: trial after trial of training, judged on val.

    Example: uniecs tune demo-accepted --out searches/first --trials 20 --set run.epochs=8
    """
    from uniecs.cli.runtime import console, emit_json
    from uniecs.errors import UniECSError
    from uniecs.settings import Settings
    from uniecs.training.tuning.plan import SearchPlan
    from uniecs.training.tuning.space import read_space

    plan = SearchPlan.of(preset, tuple(settings or ()), read_space(space) if space else None)
    from uniecs.cli.tuning_view import SearchProgress, show_search
    from uniecs.training.tuning.search import search

    pictures = Settings().pictures_dir
    with SearchProgress(console) as progress:
        report = search(
            catalog, out, plan, trials=trials, minutes=minutes, pictures=pictures, note=progress
        )
    if as_json:
        emit_json(report.model_dump(mode="json"))
    else:
        show_search(report, out)
    if not report.best:
        raise UniECSError(_nothing(report, out))


def _nothing(report: "SearchReport", out: Path) -> str:
    if not report.trials:
        return f"The time was over before a trial began; give more --minutes, and go on in {out}."
    return f"No trial finished; see why in {out / 'trials.html'}."
