"""Commands: index build, list, verify, swap, rollback, drop, stop."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uniecs.cli.runtime import console, emit_json

if TYPE_CHECKING:
    from uniecs.index.generations import GenerationStore
    from uniecs.index.ledger import Generation

Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]
Ref = Annotated[str, typer.Argument(help="Generation id, see `uniecs index list`.")]

index = typer.Typer(
    help="Generations of vectors: build, verify, swap in, roll back.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add this room's commands to ``app``."""
    app.add_typer(index, name="index")


def _store() -> "GenerationStore":
    from uniecs.index.generations import GenerationStore
    from uniecs.settings import Settings

    return GenerationStore(Settings())


@index.command()
def build(
    model: Annotated[Path, typer.Argument(help="Model folder, such as RUN/model.")],
    catalog: Annotated[Path, typer.Argument(help="Catalog folder.")],
    *,
    json: Json = False,
) -> None:
    """Embed a catalog and build a generation of it; a killed build goes on where it stopped.

    Example: uniecs index build runs/first/model data/shop
    """
    from rich.progress import Progress

    from uniecs.catalog.reading import Catalog
    from uniecs.inference.encoder import Encoder

    products = Catalog(catalog)
    total = 2 * len(products.products)  # embedded, then written
    encoder = Encoder.load(model)
    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("embed and index", total=total)
        generation = _store().build(
            encoder,
            products,
            progress=lambda count: bars.advance(task, count),
            model_folder=model,
        )
    if json:
        emit_json({"generation": generation.id, **generation.as_json()})
        return
    console.print(
        f"built {generation.id}: {generation.rows} products of {catalog}, model "
        f"{generation.model_version}; next: uniecs index verify {generation.id}"
    )
    typer.echo(generation.id)


@index.command("list")
def list_(*, json: Json = False) -> None:
    """Show all generations, oldest first.

    Example: uniecs index list
    """
    generations = _store().list()
    if json:
        emit_json([generation.as_json() for generation in generations])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("generation", "state", "rows", "model version", "view", "created")
    for generation in generations:
        table.add_row(
            generation.id,
            generation.state,
            str(generation.rows),
            generation.model_version,
            generation.view,
            f"{generation.created:%Y-%m-%d %H:%M}",
        )
    Console().print(table if generations else "no generations yet: uniecs index build")


@index.command()
def verify(generation: Ref, *, json: Json = False) -> None:
    """Check a generation: rows, schema, versions, recall against exact search.

    Example: uniecs index verify g-20261122-1
    """
    verification = _store().verify(generation)
    if json:
        emit_json(verification.as_json())
    else:
        from rich.console import Console
        from rich.table import Table

        table = Table("check", "value", "threshold", "", title=generation)
        for check in verification.checks:
            mark = "[green]passed[/green]" if check.passed else "[red]failed[/red]"
            table.add_row(check.name, str(check.value), str(check.threshold), mark)
        Console().print(table)
    if not verification.passed:
        raise typer.Exit(1)


@index.command()
def swap(generation: Ref, *, json: Json = False) -> None:
    """Make a verified generation the one that searches use.

    Where a release is live, only one of its model: another model comes with `uniecs deploy`.

    Example: uniecs index swap g-20261122-1
    """
    store = _store()
    _refuse_another_model(store.get(generation), instead=f"uniecs deploy {generation}")
    _tell_live(store.swap(generation), json=json)


@index.command()
def rollback(*, json: Json = False) -> None:
    """Make the generation live again that the live one replaced.

    Where a release is live, only one of its model: another model comes with `uniecs rollback`.

    Example: uniecs index rollback
    """
    store = _store()
    if replaced := store.live().replaced:
        _refuse_another_model(store.get(replaced), instead="uniecs rollback")
    _tell_live(store.rollback(), json=json)


def _refuse_another_model(generation: "Generation", *, instead: str) -> None:
    """A release moves encoder and generation together; its alias alone keeps to its model."""
    from uniecs.errors import GenerationError
    from uniecs.releases import ReleaseStore
    from uniecs.settings import Settings

    live = ReleaseStore(Settings()).live()
    if live is not None and live.model_version != generation.model_version:
        raise GenerationError(
            f"Generation {generation.id} holds vectors of model {generation.model_version}, and "
            f"release {live.release_id} serves {live.model_version}: index and encoder would not "
            f"match. Move both with `{instead}`."
        )


def _tell_live(generation: "Generation", *, json: bool) -> None:
    if json:
        emit_json(generation.as_json())
    else:
        typer.echo(f"{generation.id} is live: {generation.rows} products")


@index.command()
def drop(generation: Ref) -> None:
    """Drop a generation that is not live.

    Example: uniecs index drop g-20261122-1
    """
    _store().drop(generation)
    typer.echo(f"dropped {generation}")


@index.command()
def stop() -> None:
    """Stop the Milvus Lite server of this UNIECS_HOME; the next command that needs it starts it.

    Example: uniecs index stop
    """
    from uniecs.index.lite_server import stop_lite_server
    from uniecs.settings import Settings

    typer.echo("stopped" if stop_lite_server(Settings()) else "no server was running")
