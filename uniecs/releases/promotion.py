"""Promotion: run the offline gate where the move needs it, then move stage by stage."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from uniecs.errors import GateRefused
from uniecs.registry import ModelVersion, Registry, Stage
from uniecs.registry.stages import GATED, path_to

if TYPE_CHECKING:
    from uniecs.evaluation.gates import GateReport


@dataclass(frozen=True, slots=True)
class Promotion:
    """What a promotion did.

    Attributes:
        model: The version, in its new stage.
        entered: Stages that it entered, in order; empty when it was there already.
        gate: The gate's report, when the way led through a gated stage.
        replaced: The version that left production for it.
    """

    model: ModelVersion
    entered: list[Stage]
    gate: "GateReport | None"
    replaced: str | None


def promote(
    registry: Registry, ref: str | int, stage: Stage, *, gate: "GateReport | None" = None
) -> Promotion:
    """Take a version to a stage, through the stages between.

    Args:
        registry: Where the version is registered.
        ref: Content id, the unique beginning of one, or MLflow's number.
        stage: Where to.
        gate: The gate's report, if it ran already; else it runs here, on the registered reports.

    Raises:
        GateRefused: When the gate says no; the version stays where it was.
        RegistryError: When no moves lead there.
        StageConflict: When another promotion won the race.
    """
    made = registry.get(ref)
    before = registry.production()
    path = path_to(made.version, made.stage, stage)
    if gate is None and not GATED.isdisjoint(path):
        gate = judge(made, before)
    if gate is not None and not gate.passed:
        raise GateRefused(
            "\n  ".join((f"The gate refuses {made.version} for {stage}:", *gate.reasons)),
            report=gate.model_dump(mode="json"),
        )
    if path:
        made = registry.transition(made.version, *path, gate=gate)
    replaced = before.version if before and "production" in path else None
    return Promotion(model=made, entered=path, gate=gate, replaced=replaced)


def judge(candidate: ModelVersion, production: ModelVersion | None) -> "GateReport":
    """Run the offline gate on the registry's own copies of both reports.

    Raises:
        DataError: When a report is missing or unreadable.
    """
    from uniecs.evaluation.gates import offline_gate

    return offline_gate(
        candidate.report,
        production.report if production else None,
        candidate_digest=candidate.report_digest,
        production_digest=production.report_digest if production else None,
    )
