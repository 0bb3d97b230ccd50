"""What a gate must have judged before a version moves towards production."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from uniecs.errors import GateRefused, StageConflict
from uniecs.registry.stages import Stage


class GateEvidence(Protocol):
    """What the registry reads of ``uniecs.evaluation.gates.GateReport``."""

    @property
    def passed(self) -> bool:
        """The verdict."""

    @property
    def reasons(self) -> Sequence[str]:
        """Why, one sentence each."""

    @property
    def candidate_digest(self) -> str:
        """sha256 of the judged ``report.json``."""

    @property
    def production_digest(self) -> str | None:
        """sha256 of production's ``report.json``; None when there was none."""

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """The report as plain JSON values."""


def check_evidence(
    version: str,
    target: Stage,
    gate: GateEvidence | None,
    *,
    reports: Mapping[str, str],
    production: str | None,
) -> None:
    """Refuse a move whose gate is missing, failed, or judged something else.

    Args:
        version: The version that is to move.
        target: Where to.
        gate: The gate's report, if there is one.
        reports: Version -> digest of its registered report.
        production: The version in production now.

    Raises:
        GateRefused: When there is no gate report, it did not pass, or it judged another report.
        StageConflict: When production changed after the gate compared with it.
    """
    if gate is None:
        raise GateRefused(
            f"Version {version} goes to {target} only with a passed gate report; "
            f"`uniecs promote {version} {target}` runs the gate."
        )
    report = gate.model_dump(mode="json")
    if not gate.passed:
        raise GateRefused(
            f"The gate refuses {version} for {target}: {'; '.join(gate.reasons)}", report=report
        )
    if gate.candidate_digest != reports[version]:
        raise GateRefused(
            f"The gate judged a report {gate.candidate_digest[:12]}, but {version} is registered "
            f"with {reports[version][:12]}. Run the gate on the registered report.",
            report=report,
        )
    registered = None if production is None else reports.get(production, "")
    if gate.production_digest == registered:
        return
    raise StageConflict(
        f"{version} was not moved to {target}: its gate compared it with "
        f"{_name(gate.production_digest, reports)}, but production is now "
        f"{production or 'empty'}. Promote {version} again, so that the gate compares it with that."
    )


def _name(digest: str | None, reports: Mapping[str, str]) -> str:
    if digest is None:
        return "no production version"
    named = [version for version, registered in reports.items() if registered == digest]
    return named[0] if named else f"a report {digest[:12]} that is not registered any more"
