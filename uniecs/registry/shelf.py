"""Versions in MLflow, and a copy of what is known about them in the platform database.

MLflow takes seconds to import, so reading uses the copy. Writing goes to MLflow first: what the
copy lacks after a kill is taken over from MLflow by the next registration.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import Column, Engine, Integer, String, Table, Text, delete, insert, select

from uniecs.database import create_tables, metadata
from uniecs.registry.artifacts import StoredVersion, folder_of, local_path
from uniecs.registry.mlflow_store import MlflowStore
from uniecs.settings import Settings
from uniecs.steps.durability import exclusive

version_table = Table(
    "model_version",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("run_id", String(64), nullable=False),
    Column("artifacts", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("created", String(40), nullable=False),
)


class VersionShelf:
    """All versions of one installation.

    Args:
        settings: Names the MLflow store.
        engine: The platform database.
    """

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self.mlflow = MlflowStore(settings)
        create_tables(engine, version_table)

    def versions(self) -> list[StoredVersion]:
        """All versions, oldest first; a new database takes over what MLflow already holds."""
        found = self._read()
        if not found and self._mlflow_exists():
            for stored in self.mlflow.versions():
                self._put(stored)
            found = self._read()
        return found

    def _mlflow_exists(self) -> bool:
        place = local_path(self._settings.mlflow.removeprefix("sqlite:///"))
        return place is None or place.exists()

    def _read(self) -> list[StoredVersion]:
        query = select(version_table).order_by(version_table.c.number)
        with self._engine.begin() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            StoredVersion(
                **{**row, "tags": json.loads(row["tags"])}
                | {"created": datetime.fromisoformat(row["created"])}
            )
            for row in rows
        ]

    def _put(self, stored: StoredVersion) -> None:
        with self._engine.begin() as connection:
            known = version_table.c.version == stored.version
            connection.execute(delete(version_table).where(known))
            connection.execute(
                insert(version_table).values(
                    version=stored.version,
                    number=stored.number,
                    run_id=stored.run_id,
                    artifacts=stored.artifacts,
                    tags=json.dumps(dict(stored.tags)),
                    created=stored.created.isoformat(),
                )
            )

    def add(
        self,
        version: str,
        model: Path,
        evidence_folders: Sequence[tuple[str, Path]],
        *,
        tags: Mapping[str, str],
        evidence: Mapping[str, str],
        metrics: Mapping[str, float],
    ) -> None:
        """Register a version, or give one that exists another report.

        Args:
            version: Content id of the model.
            model: The model folder.
            evidence_folders: (path below the artifacts, folder): what comes with a report; files
                for ``model`` take the place of the model folder's own.
            tags: What is known about the model; kept from its first registration.
            evidence: What the report says; the last registration's.
            metrics: Values by legal name.
        """
        with exclusive(self._settings.root / f".register-{version}.lock"):
            stored = self._find(version)
            if stored is None:
                everything = {**tags, **evidence}
                folders = [("model", model), *evidence_folders]
                stored = self.mlflow.add_version(version, folders, tags=everything, metrics=metrics)
            if any(stored.tags.get(name) != value for name, value in evidence.items()):
                for name, folder in evidence_folders:
                    self.mlflow.add_folder(stored, folder, name)
                self.mlflow.set_tags(stored, evidence)
                stored = replace(stored, tags={**stored.tags, **evidence})
            self._put(stored)

    def _find(self, version: str) -> StoredVersion | None:
        for versions in (self._read, self.mlflow.versions):
            for stored in versions():
                if stored.version == version:
                    return stored
        return None

    def folder(self, stored: StoredVersion, name: str, *, fetch: bool) -> Path:
        """Where a copied folder lies on this machine; see ``artifacts.folder_of``."""
        download = self.mlflow.download if fetch else None
        return folder_of(self._settings, stored, name, download=download)
