"""Promote the model to production, on the gate's report."""

from pathlib import Path
from typing import Any

from uniecs.loop.gate import REPORT
from uniecs.loop.performing import LoopSpec, Step, loop_step, published_digest
from uniecs.settings import Settings


class PromoteSpec(LoopSpec):
    """Which registered model, and where the gate's report was published."""

    judged: Path
    model_version: str


@loop_step("promote")
def run(spec: PromoteSpec, settings: Settings) -> Step:
    """Take the model through staging and canary to production.

    Raises:
        GateRefused: When the gate said no, or judged another report.
        StageConflict: When another promotion won the race.
    """
    return Step(
        inputs={"gate": published_digest(spec.judged, REPORT), "model": spec.model_version},
        code=["uniecs.registry", "uniecs.releases"],
        work=lambda _: _work(spec, settings),
        headline=lambda report: f"{report['model_version']} is in {report['stage']}",
        still_valid=lambda _: _in_production(settings) == spec.model_version,
    )


def _in_production(settings: Settings) -> str | None:
    from uniecs.registry import Registry

    return Registry(settings).board().production


def _work(spec: PromoteSpec, settings: Settings) -> dict[str, Any]:
    from uniecs.evaluation.gate_report import GateReport
    from uniecs.registry import Registry
    from uniecs.releases import promote

    gate = GateReport.model_validate_json((spec.judged / REPORT).read_bytes())
    registry = Registry(settings, actor="pipeline")
    done = promote(registry, spec.model_version, "production", gate=gate)
    return {
        "model_version": done.model.version,
        "stage": done.model.stage,
        "replaced": done.replaced,
    }
