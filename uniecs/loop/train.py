"""Train an encoder on the accepted catalog."""

from pathlib import Path
from typing import Any

from uniecs.loop.performing import LoopSpec, Report, Step, loop_step
from uniecs.settings import Settings
from uniecs.steps import folder_output_digest
from uniecs.training.config import TrainConfig, preset


class TrainSpec(LoopSpec):
    """Where the checked catalog was published, and how to train on it.

    Attributes:
        overrides: ``section.key=value`` settings over the preset.
    """

    accepted: Path
    paired: Path
    preset: str = "small"
    overrides: tuple[str, ...] = ()


@loop_step("train")
def run(spec: TrainSpec, _: Settings) -> Step:
    """Train; the output holds the ``model`` folder. A killed run goes on at its checkpoint."""
    config = preset(spec.preset, spec.overrides)
    return Step(
        inputs={
            "accepted": folder_output_digest(spec.accepted),
            "paired": folder_output_digest(spec.paired),
        },
        config=config.model_dump(mode="json"),
        code=["uniecs.catalog", "uniecs.encoder", "uniecs.losses", "uniecs.training"],
        work=lambda folder: _work(spec.accepted / "catalog", folder, config),
        headline=_headline,
    )


def _work(catalog: Path, folder: Path, config: TrainConfig) -> dict[str, Any]:
    from uniecs.training import train

    return train(catalog, folder, config, resume=True).model_dump(mode="json")


def _headline(report: Report) -> str:
    return f"model {report['model_version']}"
