"""Commands: ``uniecs catalog validate`` and ``uniecs catalog demo``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from uniecs.cli.runtime import console, emit_json
from uniecs.errors import UsageError

if TYPE_CHECKING:
    from uniecs.catalog.validation import ValidationConfig, ValidationReport

catalog = typer.Typer(
    help="Check catalogs and generate the demo catalog.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    """Add this room's commands to ``app``."""
    app.add_typer(catalog, name="catalog")


@catalog.command()
def validate(
    folder: Annotated[Path, typer.Argument(metavar="CATALOG", help="Catalog folder.")],
    report: Annotated[Path, typer.Option(help="Folder for the report.")],
    accepted: Annotated[
        Path | None,
        typer.Option(help="Folder for the accepted catalog, written when the gate passes."),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="CHECK=VALUE", help="Another threshold, such as broken_pictures=0.3."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print validation.json.")] = False,
) -> None:
    """Check a catalog; exit code 1 when its gate fails.

    Example: uniecs catalog validate .demo/demo/catalog-1200 --report reports/demo
    --accepted demo-accepted
    """
    from uniecs.catalog.validation import validate_catalog

    config = _config(overrides or [])
    with _progress() as bar:
        task = bar.add_task("Reading rows and pictures", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None)
            if done == total:
                bar.update(task, description="Running the checks")

        outcome = validate_catalog(folder, report, config=config, accepted=accepted, progress=show)
    summary = _summary(outcome, report, accepted)
    if as_json:
        emit_json(outcome.model_dump(mode="json"))
        console.print(summary, markup=False, soft_wrap=True)
    else:
        typer.echo(summary)
    if not outcome.passed:
        raise typer.Exit(1)


@catalog.command()
def demo(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="New or empty folder.")],
    products: Annotated[int, typer.Option(help="Number of rows.")] = 1200,
    seed: Annotated[
        int, typer.Option(help="The same seed gives the same bytes on like processors.")
    ] = 7,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was generated.")] = False,
) -> None:
    """Generate the demo catalog: invented products, drawn and described from a seed.

    Example: uniecs catalog demo demo-catalog --products 1200 --seed 7
    """
    from uniecs.catalog.demo import generate_demo

    with _progress() as bar:
        task = bar.add_task("Drawing products", total=products)
        summary = generate_demo(
            out, products=products, seed=seed, progress=lambda count: bar.advance(task, count)
        )
    if as_json:
        emit_json(summary.model_dump(mode="json"))
        return
    typer.echo(
        f"{summary.folder}: {summary.products:,} products of {summary.types} types, "
        f"{summary.pictures:,} pictures, {sum(summary.queries.values()):,} queries"
    )


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


def _config(overrides: list[str]) -> "ValidationConfig":
    from pydantic import ValidationError

    from uniecs.catalog.validation import ValidationConfig

    values = {}
    for given in overrides:
        name, sign, value = given.partition("=")
        if not sign or name not in ValidationConfig.model_fields:
            known = ", ".join(ValidationConfig.model_fields)
            raise UsageError(f"--set {given}: give CHECK=VALUE, where CHECK is one of {known}.")
        values[name] = value
    try:
        return ValidationConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"--set {first['loc'][0]}={first['input']}: {first['msg']}.") from error


def _summary(outcome: "ValidationReport", report: Path, accepted: Path | None) -> str:
    lines = [
        f"{'passed' if outcome.passed else 'FAILED'}: {outcome.rows:,} rows, "
        f"{outcome.accepted:,} accepted, {outcome.quarantined:,} in quarantine"
    ]
    for check in outcome.failed:
        bound = "at least" if check.name == "rows" else "at most"
        lines.append(f"  {check.name} is {check.value:g}, {bound} {check.threshold:g} is allowed")
    lines.append(f"report: {report / 'validation.html'}")
    if accepted is not None:
        place = str(accepted) if outcome.passed else "not written, since the gate failed"
        lines.append(f"accepted catalog: {place}")
    return "\n".join(lines)
