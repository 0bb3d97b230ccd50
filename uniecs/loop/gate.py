"""The offline gate: may this model replace the one in production?"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.loop.performing import LoopSpec, Step, loop_step, published_digest
from uniecs.settings import Settings

if TYPE_CHECKING:
    from uniecs.registry import ModelVersion, Registry

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

    A production model whose report is of another catalog is evaluated on this one first.
    """
    production = _production_version(settings)
    return Step(
        inputs={
            "paired": published_digest(spec.paired, "catalog"),
            "evaluated": published_digest(spec.evaluated, "report/report.json"),
            "candidate": spec.model_version,
            "production": production or "none",
        },
        code=["uniecs.evaluation", "uniecs.registry"],
        work=lambda folder: _work(spec, settings, folder),
        headline=lambda report: f"{report['decision']}: {' '.join(report['reasons'])}",
    )


def _production_version(settings: Settings) -> str | None:
    """The ledger alone knows, which spares a reused gate the registry's start."""
    from datetime import UTC, datetime

    from uniecs.database import open_database
    from uniecs.registry.ledger import StageLedger

    ledger = StageLedger(open_database(settings), clock=lambda: datetime.now(UTC), actor="pipeline")
    return ledger.board().production


def _work(spec: GateSpec, settings: Settings, folder: Path) -> dict[str, Any]:
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
    return {
        "passed": report.passed,
        "decision": PROMOTE if report.passed else REFUSE,
        "reasons": report.reasons,
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
