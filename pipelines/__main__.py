"""``python -m pipelines``: compile the retraining pipeline, or run what it compiles to."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from uniecs.cli.runtime import console, emit_json, run
from uniecs.settings import Settings

DEMO_TRAINING = ("run.epochs=12",)
"""Shorter than the default for so few products, so that the demo ends within six minutes."""

app = typer.Typer(
    help="Compile the retraining pipeline, or run the compiled pipeline on this machine.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Preset = Annotated[str, typer.Option(help="Preset of the encoder: small or base.")]
Overrides = Annotated[
    list[str] | None, typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Training config.")
]
Sessions = Annotated[int, typer.Option(min=0, help="Simulated shopping sessions; 0 for none.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON to stdout.")]


@app.command("run")
def run_command(
    catalog: Annotated[Path, typer.Option(help="Catalog folder.")],
    *,
    preset: Preset = "small",
    overrides: Overrides = None,
    sessions: Sessions = 300,
    as_json: Json = False,
) -> None:
    """Run the loop on a catalog: validate, train, evaluate, index, deploy, monitor.

    Finished steps are reused. Exit code 1 when a gate refuses or a step fails.

    Example: python -m pipelines run --catalog data/my_catalog
    """
    from pipelines.running import RunRequest, run_retraining
    from uniecs.training.config import preset as training_config

    training_config(preset, overrides or ())  # a wrong setting is told before anything runs
    request = RunRequest(
        catalog=catalog.absolute(),
        preset=preset,
        overrides=tuple(overrides or ()),
        sessions=sessions,
    )
    run_id = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S-%f")
    summary = run_retraining(request, run_id=run_id, settings=Settings(), console=console)
    if as_json:
        emit_json(summary.model_dump(mode="json"))
    if summary.outcome != "promoted":
        raise typer.Exit(1)


@app.command()
def demo(
    *,
    products: Annotated[int, typer.Option(min=100, help="Products to generate.")] = 1200,
    overrides: Overrides = None,
) -> None:
    """Generate the demo catalog, once, and run the loop on it.

    Example: python -m pipelines demo
    """
    folder = Settings().root / "demo" / f"catalog-{products}"
    if not folder.is_dir():
        _draw(folder, products)
    run_command(catalog=folder, overrides=[*DEMO_TRAINING, *(overrides or ())])


def _draw(folder: Path, products: int) -> None:
    from rich.markup import escape
    from rich.progress import Progress

    from uniecs.catalog.demo import generate_demo

    folder.parent.mkdir(parents=True, exist_ok=True)
    with Progress(console=console, transient=True) as bars:
        bar = bars.add_task("drawing the demo catalog", total=products)
        generate_demo(folder, products=products, progress=lambda done: bars.advance(bar, done))
    console.print(f"[green]✓[/] drew {products:,} products: {escape(str(folder))}", soft_wrap=True)


@app.command("compile")
def compile_command(
    output: Annotated[Path, typer.Option(help="Where to write the YAML.")] = Path(
        "retraining.yaml"
    ),
) -> None:
    """Compile the pipeline to YAML that any Kubeflow Pipelines 2 runs.

    Example: python -m pipelines compile --output retraining.yaml
    """
    from pipelines.compiling import compile_retraining

    compile_retraining(output)
    console.print(f"wrote {output}", markup=False, soft_wrap=True)


if __name__ == "__main__":
    run(app)
