"""Model versions, their evidence and their stages."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import Engine

from uniecs.database import open_database
from uniecs.errors import RegistryError
from uniecs.registry.artifacts import StoredVersion
from uniecs.registry.card import write_version_card
from uniecs.registry.evidence import GateEvidence
from uniecs.registry.ledger import Board, StageChange, StageLedger, production_line
from uniecs.registry.mirror import mirrored_board
from uniecs.registry.moves import promotion_moves, restoration_moves
from uniecs.registry.runs import legal_metrics
from uniecs.registry.shelf import VersionShelf
from uniecs.registry.stages import Stage
from uniecs.registry.versions import ModelVersion, ReportFacts, read_report, resolve
from uniecs.settings import Settings


def _now() -> datetime:
    return datetime.now(UTC)


class Registry:
    """The registry of one installation: versions in MLflow, stages in the platform database.

    Args:
        settings: Names both.
        clock: Gives the time written into the history of stages.
        actor: Whose changes these are.

    Raises:
        ServiceUnavailable: When a server that the settings name does not answer.
    """

    def __init__(
        self, settings: Settings, *, clock: Callable[[], datetime] = _now, actor: str = "uniecs"
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._actor = actor

    @cached_property
    def _engine(self) -> Engine:
        return open_database(self._settings)

    @cached_property
    def _ledger(self) -> StageLedger:
        return StageLedger(self._engine, clock=self._clock, actor=self._actor)

    @cached_property
    def _shelf(self) -> VersionShelf:
        return VersionShelf(self._settings, self._engine)

    def register(
        self, model_folder: Path, report_folder: Path, *, lineage: Mapping[str, Any]
    ) -> ModelVersion:
        """Make a model a version, with its evaluation report as evidence.

        The registry keeps copies of both folders; its copy of the model's card carries the report's
        figures. The same model content is the same version:
        registering it again changes nothing, unless the report is another one, which then
        becomes the version's report.

        Args:
            model_folder: Folder as written by ``save_model_folder``.
            report_folder: Folder as written by ``uniecs evaluate``.
            lineage: Where the model comes from: digests of catalog, config, run. JSON values.

        Raises:
            ModelError: When the model folder is incomplete or altered.
            RegistryError: When the report is missing or judges another model.
        """
        from uniecs.encoder.folder import verify_model_folder

        manifest = verify_model_folder(model_folder)
        facts = read_report(report_folder)
        if facts.model_version != manifest.version:
            raise RegistryError(
                f"The report in {report_folder} judges {facts.model_version}, but {model_folder} "
                f"holds {manifest.version}. Evaluate this model and register it with that report."
            )
        with TemporaryDirectory() as made:
            card = Path(made)
            written = write_version_card(model_folder, report_folder, card)
            self._shelf.add(
                manifest.version,
                model_folder,
                [(_report_name(facts.digest), report_folder)] + [("model", card)] * written,
                tags={
                    "lineage": _as_json(dict(lineage)),
                    "processor_digest": manifest.processor_digest,
                },
                evidence=_evidence_tags(facts),
                metrics=legal_metrics(facts.metrics),
            )
        return self.get(manifest.version)

    def list(self) -> list[ModelVersion]:
        """All versions, oldest first."""
        board = self._mirrored_board()
        return [self._describe(stored, board, fetch=False) for stored in self._shelf.versions()]

    def get(self, ref: str | int) -> ModelVersion:
        """One version, with its folders on this machine.

        Args:
            ref: Content id, the unique beginning of one, or MLflow's number.

        Raises:
            RegistryError: When none or more than one fits.
        """
        board, versions = self._mirrored_board(), self._shelf.versions()
        return self._describe(_chosen(ref, versions), board, fetch=True)

    def production(self) -> ModelVersion | None:
        """The version in production, if any."""
        version = self.board().production
        return None if version is None else self.get(version)

    def board(self) -> Board:
        """Which version is in which stage; asks the database alone, not MLflow."""
        return self._ledger.board()

    def history(self, ref: str | int | None = None) -> Sequence[StageChange]:
        """Changes of stages, oldest first: of one version, or of all."""
        changes = self._ledger.history()
        if ref is None:
            return changes
        version = self.get(ref).version
        return [change for change in changes if change.version == version]

    def transition(
        self, ref: str | int, *stages: Stage, gate: GateEvidence | None = None
    ) -> ModelVersion:
        """Move a version to a stage, or through several, all or none.

        A version that is in the last of them already stays. Entering production archives the
        version that held it before, in the same transaction.

        Args:
            ref: Content id, the unique beginning of one, or MLflow's number.
            stages: Where to; stages that follow one another may be named in order.
            gate: The offline gate's report; needed for staging, canary and production.

        Raises:
            RegistryError: When there is no such move.
            GateRefused: When the gate's report is missing, failed or judged another report.
            StageConflict: When production changed after the gate compared with it.
        """
        versions = self._shelf.versions()
        chosen = _chosen(ref, versions)
        reports = {stored.version: stored.tags["report_digest"] for stored in versions}
        self._ledger.change(
            lambda board: promotion_moves(board, chosen.version, stages, gate=gate, reports=reports)
        )
        return self._describe(chosen, self._mirrored_board(), fetch=True)

    def rollback(self, *, expected: str | None = None) -> tuple[ModelVersion, ModelVersion]:
        """Put the version before the present one back into production; archive the present one.

        Args:
            expected: The version that the caller saw in production; another one is a conflict.

        Returns:
            ``(restored, rolled back)``.

        Raises:
            RegistryError: When production is empty or nothing held it before.
            StageConflict: When another version is in production than expected.
        """
        line = production_line(self._ledger.history())
        current = self.board().production
        if current is None:
            raise RegistryError("Nothing is in production, so there is nothing to roll back.")
        earlier = [version for version in line if version != current]
        if not earlier:
            raise RegistryError(
                f"{current} is the first version in production; there is none to go back to. "
                "Promote another version instead."
            )
        self.restore(earlier[-1], expected=expected or current)
        return self.get(earlier[-1]), self.get(current)

    def restore(self, version: str, *, expected: str | None) -> None:
        """Put ``version`` back into production and archive ``expected``; needs no gate.

        Doing it again changes nothing, so that a rollback that was killed can be finished.

        Raises:
            StageConflict: When production holds neither of the two.
        """
        _chosen(version, self._shelf.versions())
        self._ledger.change(lambda board: restoration_moves(board, version, expected=expected))
        self._mirrored_board()

    def _describe(self, stored: StoredVersion, board: Board, *, fetch: bool) -> ModelVersion:
        digest = stored.tags["report_digest"]
        return ModelVersion(
            version=stored.version,
            number=stored.number,
            stage=board.stage(stored.version),
            metrics=json.loads(stored.tags["metrics"]),
            catalog_digest=stored.tags["catalog_digest"],
            processor_digest=stored.tags["processor_digest"],
            folder=self._shelf.folder(stored, "model", fetch=fetch),
            report=self._shelf.folder(stored, _report_name(digest), fetch=fetch),
            report_digest=digest,
            lineage=json.loads(stored.tags["lineage"]),
            created=stored.created.isoformat(),
        )

    def _mirrored_board(self) -> Board:
        return mirrored_board(self._ledger, self._shelf.mlflow)


def _chosen(ref: str | int, versions: Sequence[StoredVersion]) -> StoredVersion:
    version = resolve(ref, [(stored.version, stored.number) for stored in versions])
    return next(stored for stored in versions if stored.version == version)


def _evidence_tags(facts: ReportFacts) -> dict[str, str]:
    return {
        "report_digest": facts.digest,
        "catalog_digest": facts.catalog_digest,
        "metrics": _as_json(facts.metrics),
    }


def _as_json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _report_name(digest: str) -> str:
    return f"reports/{digest[:16]}"
