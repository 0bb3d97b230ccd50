"""Commands: models, register, promote, releases, deploy, rollback."""

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from uniecs.cli.runtime import console, emit_json

if TYPE_CHECKING:
    from rich.table import Column

    from uniecs.registry import ModelVersion, Registry
    from uniecs.releases import ReleaseStore

Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to stdout.")]

SHOWN = ("R@1", "R@10", "nDCG@10")
"""Macro metrics that the table shows; --json has all."""


def register(app: typer.Typer) -> None:
    """Add this room's commands to ``app``."""
    app.command("models")(models)
    app.command("register")(register_model)
    app.command("promote")(promote)
    app.command("releases")(releases)
    app.command("deploy")(deploy)
    app.command("rollback")(rollback)


def _actor() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "uniecs"


def _registry() -> "Registry":
    from uniecs.registry import Registry
    from uniecs.settings import Settings

    return Registry(Settings(), actor=_actor())


def _releases() -> "ReleaseStore":
    from uniecs.releases import ReleaseStore
    from uniecs.settings import Settings

    return ReleaseStore(Settings(), actor=_actor())


def models(*, json: Json = False) -> None:
    """Show registered model versions, oldest first.

    Example: uniecs models
    """
    versions = _registry().list()
    if json:
        emit_json([_as_json(made) for made in versions])
        return
    if not versions:
        console.print("no model versions yet: uniecs register RUN/model --report DIR")
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*(_whole(name) for name in ("version", "no.", "stage")), *SHOWN, "catalog")
    for made in versions:
        figures = [f"{made.metrics[name]:.3f}" if name in made.metrics else "" for name in SHOWN]
        style = "bold" if made.stage == "production" else "dim" if made.stage == "archived" else ""
        row = (made.version, str(made.number), made.stage, *figures, made.catalog_digest[:8])
        table.add_row(*row, style=style)
    Console().print(table)


def _whole(name: str) -> "Column":
    """A column whose values are copied into commands, so they are never broken over lines."""
    from rich.table import Column

    return Column(name, no_wrap=True)


def _as_json(made: "ModelVersion") -> dict[str, Any]:
    return {
        "version": made.version,
        "number": made.number,
        "stage": made.stage,
        "metrics": dict(made.metrics),
        "catalog_digest": made.catalog_digest,
        "processor_digest": made.processor_digest,
        "report_digest": made.report_digest,
        "folder": made.folder,
        "report": made.report,
        "lineage": dict(made.lineage),
        "created": made.created,
    }


def register_model(
    model: Annotated[Path, typer.Argument(help="Model folder, such as RUN/model.")],
    *,
    report: Annotated[Path, typer.Option("--report", help="Folder of its evaluation report.")],
    json: Json = False,
) -> None:
    """Make a model a version, with its evaluation report as evidence.

    The same model content is the same version; another report replaces the one it had.

    Example: uniecs register runs/first/model --report reports/first
    """
    made = _registry().register(model, report, lineage={"source": model.absolute().as_posix()})
    if json:
        emit_json(_as_json(made))
        return
    console.print(
        f"{made.version} is version {made.number}, stage {made.stage}; "
        f"next: uniecs promote {made.version} production",
        soft_wrap=True,
    )
    typer.echo(made.version)


def promote(
    version: Annotated[str, typer.Argument(help="Id, the beginning of one, or number.")],
    stage: Annotated[str, typer.Argument(help="candidate, staging, canary, production, archived.")],
    *,
    json: Json = False,
) -> None:
    """Take a version to a stage; the offline gate decides where the way needs it.

    Stages between are passed in order. A refused version stays where it was (exit code 1).

    Example: uniecs promote m-3f2a9c1b7d0e production
    """
    from uniecs.registry.stages import parse_stage
    from uniecs.releases import promote as promote_version

    done = promote_version(_registry(), version, parse_stage(stage))
    if json:
        gate = None if done.gate is None else done.gate.model_dump(mode="json")
        emit_json(
            {**_as_json(done.model), "entered": done.entered, "replaced": done.replaced}
            | {"gate": gate}
        )
        return
    if done.gate is not None:
        console.print("the offline gate passed:")
        for reason in done.gate.reasons:
            console.print(f"  {reason}", markup=False, soft_wrap=True)
    if not done.entered:
        typer.echo(f"{done.model.version} is in stage {done.model.stage} already")
        return
    typer.echo(f"{done.model.version}: {' -> '.join(done.entered)}")
    if done.replaced:
        typer.echo(f"{done.replaced}: archived")
    if done.model.stage == "production":
        console.print("next: uniecs deploy GENERATION, with a generation of this model")


def releases(
    release: Annotated[
        str, typer.Argument(help="Show where this release comes from; all are listed without it.")
    ] = "",
    *,
    json: Json = False,
) -> None:
    """List releases, or show one from its catalog to its deployments.

    Example: uniecs releases
    """
    store = _releases()
    if release:
        from rich.console import Console

        from uniecs.releases.lineage import lineage

        found = lineage(store, release)
        if json:
            emit_json(found)
        else:
            Console().print_json(data=found)
        return
    every = store.list()
    if json:
        emit_json([asdict(one) for one in every])
        return
    if not every:
        console.print("no releases yet: uniecs deploy GENERATION")
        return
    from rich.console import Console
    from rich.table import Column, Table

    ids = (_whole(name) for name in ("release", "state", "model version", "generation"))
    table = Table(*ids, Column("features", overflow="fold"))
    for one in every:
        service = one.feature_service or "none"
        row = (one.release_id, one.state, one.model_version, one.generation, service)
        table.add_row(*row, style="bold" if one.state == "live" else "")
    Console().print(table)


def deploy(
    generation: Annotated[str, typer.Argument(help="Generation id, see `uniecs index list`.")],
    *,
    json: Json = False,
) -> None:
    """Put a generation live as a release, with its model and the materialized features.

    Its model must be in production. A running server follows by itself.

    Example: uniecs deploy g-20261122-1
    """
    from uniecs.experiments.feature_state import read_feature_state
    from uniecs.index.generations import GenerationStore
    from uniecs.settings import Settings

    settings = Settings()
    store = _releases()
    facts = GenerationStore(settings).get(generation)
    features = read_feature_state(settings)
    service = features.feature_service if features else None
    composed = store.compose(facts.model_version, facts, service)
    live = store.deploy(composed.release_id)
    if json:
        emit_json(asdict(live))
        return
    typer.echo(
        f"release {live.release_id} is live: model {live.model_version}, generation "
        f"{live.generation}, features {live.feature_service or 'none'}"
    )


def rollback(*, json: Json = False) -> None:
    """Go back to the release before: encoder, index and stages together.

    A version that was promoted to production and never deployed is taken back alone.

    Example: uniecs rollback
    """
    from uniecs.releases import roll_back

    changes = roll_back(_releases()).changes
    if json:
        emit_json([asdict(change) for change in changes])
        return
    for change in changes:
        typer.echo(f"{change.what}: {change.before} -> {change.after}")
