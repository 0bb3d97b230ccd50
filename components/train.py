"""Component: train an encoder on the accepted catalog."""

from kfp import dsl

from components.base import component


@component
def train(
    paired: dsl.Input[dsl.Dataset],
    preset: str,
    overrides: list,  # type: ignore[type-arg]  # KFP knows no parameters of a list
    run_id: str,
    trained: dsl.Output[dsl.Model],
) -> None:
    """Publish the trained model folder.

    Args:
        paired: The catalog with its split.
        preset: Preset of the encoder.
        overrides: ``section.key=value`` settings over the preset.
        run_id: Names the run's journal.
        trained: Folder with ``model/``.
    """
    from pathlib import Path

    from uniecs.loop import train
    from uniecs.settings import Settings

    spec = train.TrainSpec(
        run_id=run_id,
        paired=Path(paired.path),
        preset=preset,
        overrides=tuple(overrides),
    )
    train.run(spec, Settings()).publish(Path(trained.path))
