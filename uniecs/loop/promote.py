"""Promote the model to production, on the gate's report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from uniecs.loop.gate import REPORT
from uniecs.loop.performing import LoopSpec, Step, loop_step, published_digest
from uniecs.settings import Settings
from uniecs.steps import StepOutput


class PromoteSpec(LoopSpec):
    """Which registered model, and where the gate's report was published."""

    judged: Path
    model_version: str


Prove = Callable[[Path, str], object]
"""Serves a model folder of a version and asks it real questions; raises when it cannot serve."""


def run(spec: PromoteSpec, settings: Settings, prove: Prove) -> StepOutput:
    """Take the model through staging and canary to production.

    It must serve before: what fails then has changed neither stages nor the live release.

    Args:
        spec: The model, and what the gate said.
        settings: Installation.
        prove: How this installation serves; serving is an adapter, so it is handed in.

    Raises:
        GateRefused: When the gate said no, or judged another report.
        ModelError: When the model cannot be served.
        StageConflict: When another promotion won the race.
    """

    @loop_step("promote")
    def promote(spec: PromoteSpec, settings: Settings) -> Step:
        return Step(
            inputs={"gate": published_digest(spec.judged, REPORT), "model": spec.model_version},
            code=[
                "serving",
                "uniecs.registry",
                "uniecs.releases",
                "uniecs.inference",
                "uniecs.encoder",
                "uniecs.catalog",
            ],
            work=lambda _: _work(spec, settings, prove),
            headline=lambda report: f"{report['model_version']} is in {report['stage']}",
            still_valid=lambda _: _in_production(settings) == spec.model_version,
        )

    return promote(spec, settings)


def _in_production(settings: Settings) -> str | None:
    from uniecs.registry import Registry

    return Registry(settings).board().production


def _work(spec: PromoteSpec, settings: Settings, prove: Prove) -> dict[str, Any]:
    from uniecs.evaluation.gate_report import GateReport
    from uniecs.registry import Registry
    from uniecs.releases import promote

    gate = GateReport.model_validate_json((spec.judged / REPORT).read_bytes())
    registry = Registry(settings, actor="pipeline")
    model = registry.get(spec.model_version)
    if model.stage != "production":
        prove(model.folder, model.version)
    done = promote(registry, model.version, "production", gate=gate)
    return {
        "model_version": done.model.version,
        "stage": done.model.stage,
        "replaced": done.replaced,
    }
