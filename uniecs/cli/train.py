"""Command: train."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add ``train`` to ``app``."""
    app.command("train")(train_command)


def train_command(
    catalog: Annotated[Path, typer.Argument(help="Catalog folder; validate it first.")],
    out: Annotated[Path, typer.Option("--out", help="Run folder; the model is in its model/.")],
    preset: Annotated[str, typer.Option(help="small (scratch, CPU, minutes) or base.")] = "small",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Change one setting; repeatable."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Continue an interrupted run in --out.")] = False,
) -> None:
    """Train the encoder on a catalog's train split; val selects the weights.

    Under torchrun (`torchrun --standalone --nproc-per-node=2 -m uniecs.cli.app train ...`) the
    processes share each batch.

    Example: uniecs train demo-accepted --out runs/first --set run.epochs=8
    """
    from uniecs.cli.runtime import console
    from uniecs.cli.training_progress import TrainingProgress
    from uniecs.loop.training_log import log_training
    from uniecs.settings import Settings
    from uniecs.training.config import preset as resolve

    config = resolve(preset, settings or [])
    from uniecs.training.distributed import processes
    from uniecs.training.run import train

    told_before = (out / "train.json").is_file()
    with processes() as world, TrainingProgress(console) as progress:
        report = train(
            catalog,
            out,
            config,
            resume=resume,
            pictures=Settings().pictures_dir,
            note=progress,
            world=world,
        )
    if not world.first:
        return
    if not told_before:
        log_training(Settings(), out, config, report, name=out.name)
    _say(report.val, report.model_version, out)


def _say(val: dict[str, float], version: str, out: Path) -> None:
    from uniecs.cli.runtime import console

    judged = f"macro R@10 on val {val['macro']:.3f}"
    if set(val) == {"macro"}:
        judged = "the last weights, because val has no pairs to choose by"
    said = f"model version {version}, {judged}: {out / 'model'}"
    console.print(said, markup=False, soft_wrap=True)
