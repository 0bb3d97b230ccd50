"""Commands: evaluate."""

from pathlib import Path
from typing import Annotated, Literal

import typer

HISTORY = "history.jsonl"
"""What a training run writes beside its model folder."""


def register(app: typer.Typer) -> None:
    """Add this room's commands to ``app``."""
    app.command("evaluate")(evaluate_command)


def evaluate_command(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="Model folder.")],
    catalog: Annotated[Path, typer.Argument(metavar="CATALOG", help="Catalog folder.")],
    report: Annotated[
        Path, typer.Option(metavar="DIR", file_okay=False, help="Folder for the report.")
    ],
    split: Annotated[
        Literal["train", "val", "test"], typer.Option(help="Split whose pairs are asked.")
    ] = "test",
    pool: Annotated[
        Literal["split", "catalog"],
        typer.Option(help="catalog adds all other listings as distractors."),
    ] = "split",
    as_json: Annotated[bool, typer.Option("--json", help="Print report.json.")] = False,
) -> None:
    """Measure a model on the nine tasks, beyond them, and on the catalog's judged queries.

    Loss weights are shown where MODEL lies in the folder of its training run.

    Example: uniecs evaluate run/model catalog --report report
    """
    from uniecs.catalog.reading import Catalog
    from uniecs.cli.evaluation_view import show_report, shown_progress
    from uniecs.cli.runtime import console
    from uniecs.evaluation.evaluate import evaluate
    from uniecs.evaluation.remembering import RememberingEncoder
    from uniecs.inference.encoder import Encoder
    from uniecs.search.hybrid import catalog_rankers

    opened = Catalog(catalog)
    encoder = RememberingEncoder(Encoder.load(model))
    history = model.absolute().parent / HISTORY
    with shown_progress(console) as progress:
        result = evaluate(
            encoder,
            opened,
            split=split,
            pool=pool,
            rankers=catalog_rankers(encoder, opened) if opened.queries else None,
            report=report,
            history=history if history.is_file() else None,
            progress=progress,
        )
    if as_json:
        typer.echo(result.to_json(), nl=False)
    else:
        show_report(result, report)
