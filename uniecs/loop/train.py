"""Train an encoder on the accepted catalog."""

import logging
import time
from pathlib import Path
from typing import Any

from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings
from uniecs.training.config import TrainConfig, preset

_LOG = logging.getLogger(__name__)
_LOG_EVERY_S = 2.0


class TrainSpec(LoopSpec):
    """Where the split catalog was published, and how to train on it.

    Attributes:
        overrides: ``section.key=value`` settings over the preset.
    """

    paired: Path
    preset: str = "small"
    overrides: tuple[str, ...] = ()


@loop_step("train")
def run(spec: TrainSpec, settings: Settings) -> Step:
    """Train; the output holds the ``model`` folder. A killed run goes on at its checkpoint."""
    config = preset(spec.preset, spec.overrides)
    return Step(
        inputs={"catalog": published_digest(spec.paired, "catalog")},
        config=config.model_dump(mode="json"),
        code=[
            "uniecs.catalog",
            "uniecs.encoder",
            "uniecs.losses",
            "uniecs.training",
            "uniecs.evaluation.benchmark.fingerprints",
            "uniecs.evaluation.chance",
            "uniecs.evaluation.config",
            "uniecs.evaluation.metrics",
            "uniecs.evaluation.ranking",
            "uniecs.evaluation.tasks",
            "uniecs.evaluation.views",
        ],
        work=lambda folder: _work(spec, config, folder, settings),
        headline=_headline,
    )


def _work(spec: TrainSpec, config: TrainConfig, folder: Path, settings: Settings) -> dict[str, Any]:
    from dataclasses import asdict

    from uniecs.loop.training_log import log_training
    from uniecs.training.run import train

    catalog, pictures = spec.paired / "catalog", settings.pictures_dir
    report = train(catalog, folder, config, resume=True, pictures=pictures, note=_Log())
    log_training(settings, folder, config, report, name=f"pipeline {spec.run_id}")
    return asdict(report)


class _Log:
    """Says in the log how far the run is, now and then."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, kind: str, values: dict[str, Any]) -> None:
        if kind == "validation":
            _LOG.info("epoch %d: macro R@10 on val %.3f", values["epoch"], values["val"]["macro"])
        elif kind == "step" and time.monotonic() >= self._next:
            self._next = time.monotonic() + _LOG_EVERY_S
            _LOG.info("step %d of %d, loss %.3f", values["step"], values["total"], values["loss"])


def _headline(report: Report) -> str:
    macro = report["val"].get("macro")
    judged = "" if macro is None else f", macro R@10 on val {macro:.3f}"
    return f"model {report['model_version']}, {report['steps']:,} steps{judged}"
