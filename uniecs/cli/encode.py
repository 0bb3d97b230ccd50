"""Command: encode."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add ``encode`` to ``app``."""
    app.command("encode")(encode_command)


def encode_command(
    model: Annotated[Path, typer.Argument(help="Model folder, such as RUN/model.")],
    source: Annotated[
        Path, typer.Option("--input", help="JSON Lines: id, text?, image? (a path).")
    ],
    out: Annotated[
        Path,
        typer.Option("--output", help="Parquet: id, vector, gate_image, gate_text, error."),
    ],
) -> None:
    """Encode a file of items; a bad item gets an error, the others their vectors.

    Example: uniecs encode runs/first/model --input items.jsonl --output vectors.parquet
    """
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from uniecs.cli.runtime import console
    from uniecs.encoder.folder import verify_model_folder
    from uniecs.inference.files import encode_file

    verify_model_folder(model)  # before the heavy imports
    from uniecs.inference.encoder import Encoder

    encoder = Encoder.load(model)
    columns = (
        SpinnerColumn(),
        TextColumn("encoding {task.completed:,} items"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("encoding", total=None)
        report = encode_file(encoder, source, out, progress=lambda n: bar.advance(task, n))
    console.print(
        f"{report.rows - report.errors} of {report.rows} items encoded in {encoder.precision}: "
        f"{out}",
        markup=False,
    )
    if report.errors:
        console.print(f"{report.errors} rows have no vector; see the column error")
    if report.errors == report.rows:
        raise typer.Exit(1)
