"""The offline gate: may this model replace the one in production?"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.loop.performing import LoopSpec, Step, loop_step, published_digest
from uniecs.settings import Settings
from uniecs.steps import StepOutput

if TYPE_CHECKING:
    from uniecs.registry import ModelVersion, Registry
    from uniecs.registry.ledger import StageChange

PROMOTE, REFUSE = "promote", "refuse"
"""The two words that the pipeline's condition compares."""

REPORT = "gate.json"
"""The gate's report in the step's output."""


class GateSpec(LoopSpec):
    """Which registered model is judged, on which catalog."""

    paired: Path
    evaluated: Path
    model_version: str


@loop_step("gate")
def run(spec: GateSpec, settings: Settings) -> Step:
    """Judge the registered report against production's; the output holds ``gate.json``.

    A production model whose report is of another catalog is evaluated on this one first. A version
    that was rolled back is refused: what a person took out, only a person puts back.
    """
    from uniecs.registry import Registry

    registry = Registry(settings)
    changes = [change for change in registry.history() if change.version == spec.model_version]
    return Step(
        inputs={
            "catalog": published_digest(spec.paired, "catalog"),
            "report": published_digest(spec.evaluated, "report/report.json"),
            "candidate": spec.model_version,
            "production": _opponent(spec.model_version, registry.board().production, changes),
        },
        config={"rolled_back": _was_rolled_back(changes)},
        code=[
            "uniecs.catalog",
            "uniecs.encoder",
            "uniecs.inference",
            "uniecs.evaluation",
            "uniecs.registry",
        ],
        work=lambda folder: _work(spec, settings, folder, rolled_back=_was_rolled_back(changes)),
        headline=lambda report: f"{report['decision']}: {' '.join(report['reasons'])}",
        still_valid=lambda output: _still_fits(output, spec.model_version, registry),
    )


def _opponent(candidate: str, production: str | None, changes: "Sequence[StageChange]") -> str:
    """Whom the candidate is held against; once promoted, whom it was held against then."""
    if production != candidate:
        return production or "none"
    won = [change for change in changes if change.to_stage == "production" and change.gate_report]
    report = won[-1].gate_report if won else None
    return str((report or {}).get("production_version") or "none")


def _still_fits(output: StepOutput, candidate: str, registry: "Registry") -> bool:
    """Whether it judged production by the report that is registered now, as a promotion asks.

    The key names production's version alone, because the work itself may give it another report;
    so may a run on another catalog.
    """
    production = registry.board().production
    if production == candidate:
        return True
    registered = {made.version: made.report_digest for made in registry.list()}
    judged = json.loads((output.folder / REPORT).read_bytes())["production_digest"]
    return bool(judged == (registered[production] if production else None))


def _was_rolled_back(changes: "Sequence[StageChange]") -> bool:
    return bool(changes) and changes[-1].reason == "rolled back"


def _work(spec: GateSpec, settings: Settings, folder: Path, *, rolled_back: bool) -> dict[str, Any]:
    from uniecs.evaluation.gates import offline_gate
    from uniecs.registry import Registry

    registry = Registry(settings, actor="pipeline")
    candidate = registry.get(spec.model_version)
    production = registry.production()
    if production is not None and production.catalog_digest != candidate.catalog_digest:
        production = _evaluate_again(production, registry, spec.paired / "catalog", folder)
    report = offline_gate(
        candidate.report,
        production.report if production else None,
        candidate_digest=candidate.report_digest,
        production_digest=production.report_digest if production else None,
    )
    (folder / REPORT).write_text(report.model_dump_json(indent=1), encoding="utf-8")
    passed = report.passed and not rolled_back
    advice = (
        f"{candidate.version} was rolled back; `uniecs promote {candidate.version} production` "
        "puts it back if that was a mistake."
    )
    return {
        "passed": passed,
        "decision": PROMOTE if passed else REFUSE,
        "reasons": [advice] if rolled_back else report.reasons,
        "production": production.version if production else None,
    }


def _evaluate_again(
    production: "ModelVersion", registry: "Registry", catalog_folder: Path, folder: Path
) -> "ModelVersion":
    from uniecs.catalog.reading import Catalog
    from uniecs.evaluation.evaluate import evaluate
    from uniecs.inference.encoder import Encoder

    evaluate(
        Encoder.load(production.folder),
        Catalog(catalog_folder),
        report=folder / "production",
    )
    return registry.register(production.folder, folder / "production", lineage=production.lineage)
