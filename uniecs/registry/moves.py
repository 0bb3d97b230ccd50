"""What a promotion or a rollback moves, decided on the board as it is under the lock."""

from collections.abc import Mapping, Sequence

from uniecs.errors import StageConflict
from uniecs.registry.evidence import GateEvidence, check_evidence
from uniecs.registry.ledger import Board, Move, Reason
from uniecs.registry.stages import GATED, Stage, check_move


def promotion_moves(
    board: Board,
    version: str,
    stages: Sequence[Stage],
    *,
    gate: GateEvidence | None,
    reports: Mapping[str, str],
) -> list[Move]:
    """Moves that take ``version`` through ``stages``; entering production archives its holder.

    Args:
        board: Who is where.
        version: What is promoted.
        stages: Stages to enter, in order; those before its present one are behind it.
        gate: The gate's report, needed for staging, canary and production.
        reports: Version -> digest of its registered report.

    Raises:
        RegistryError: When there is no such move.
        GateRefused: When the gate's report is missing, failed or judged another report.
        StageConflict: When production changed after the gate compared with it.
    """
    current = board.stage(version)
    ahead = stages[stages.index(current) + 1 :] if current in stages else stages
    moves: list[Move] = []
    for stage in ahead:
        check_move(version, current, stage)
        report = None
        if stage in GATED:
            check_evidence(version, stage, gate, reports=reports, production=board.production)
            report = gate.model_dump(mode="json") if gate else None
        if stage == "production" and board.production:
            moves.append(Move(board.production, "archived", "replaced"))
        reason: Reason = "archived" if stage == "archived" else "promoted"
        moves.append(Move(version, stage, reason, report))
        current = stage
    return moves


def restoration_moves(board: Board, version: str, *, expected: str | None) -> list[Move]:
    """Moves that put ``version`` back into production in place of ``expected``.

    Raises:
        StageConflict: When production holds neither of the two.
    """
    current = board.production
    if current == version:
        return []
    if current != expected:
        raise StageConflict(
            f"{expected or 'The empty stage'} was not rolled back to {version}: "
            f"{current or 'nothing'} is in production now. Look at `uniecs models`, decide again."
        )
    restored = Move(version, "production", "restored")
    return [Move(current, "archived", "rolled back"), restored] if current else [restored]
