"""MLflow, and nothing else of the registry: runs, versions, artifacts, aliases and tags.

This is the only file of ``uniecs`` that imports MLflow. A version is a run of the experiment
``uniecs-registry`` that holds plain copies of the model folder and its report, and a version of
the registered model ``uniecs`` that points at the run.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from uniecs.errors import RegistryError, ServiceUnavailable
from uniecs.registry.artifacts import StoredVersion, local_path, sync_copy
from uniecs.settings import Settings
from uniecs.steps.durability import exclusive

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL_NAME = "uniecs"
VERSIONS_EXPERIMENT = "uniecs-registry"
_VERSION = "version"
_MODEL = "model"
_METRICS_A_CALL = 1000
_PARAMS_A_CALL = 100
_LONGEST_TAG = 100_000
_LONGEST_PARAM = 6000


class MlflowStore:
    """One MLflow tracking and registry store, connected on first use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _client(self) -> "MlflowClient":
        return _connect(self._settings)

    def versions(self) -> list[StoredVersion]:
        """All registered versions, oldest first; of one version registered twice, the older."""
        with _readable(self._settings):
            found: dict[str, StoredVersion] = {}
            for stored in sorted(self._all(), key=lambda stored: stored.number):
                found.setdefault(stored.version, stored)
            return list(found.values())

    def _all(self) -> Iterator[StoredVersion]:
        token: str | None = None
        while True:
            page = self._client.search_model_versions(
                f"name='{MODEL_NAME}'", max_results=1000, page_token=token
            )
            for item in page:
                tags = dict(item.tags)
                if _VERSION in tags:
                    yield StoredVersion(
                        version=tags[_VERSION],
                        number=int(item.version),
                        run_id=str(item.run_id),
                        artifacts=tags["artifacts"],
                        tags=tags,
                        created=datetime.fromtimestamp(item.creation_timestamp / 1000, UTC),
                    )
            token = page.token
            if not token:
                return

    def add_version(
        self,
        version: str,
        folders: Sequence[tuple[str, Path]],
        *,
        tags: Mapping[str, str],
        metrics: Mapping[str, float],
    ) -> StoredVersion:
        """Copy folders into a run of its own and register it under the content id ``version``.

        A registration that was killed half way is taken up where it stopped; of two processes
        that register the same content, one wins and both get its version.

        Args:
            version: Content id of the model.
            folders: (path below the artifacts, folder to copy); one is ``model``, and later ones
                are laid over earlier ones.
            tags: What else is known about the version.
            metrics: Values by legal name, shown beside the version's run.
        """
        with _readable(self._settings):
            run_id, artifacts = self._run_of(version)
            for name, folder in folders:
                self._copy(run_id, artifacts, folder, name)
            for key, value in metrics.items():
                self._client.log_metric(run_id, key, value)
            self._create_model_name()
            made = self._client.create_model_version(
                MODEL_NAME,
                source=f"runs:/{run_id}/{_MODEL}",
                run_id=run_id,
                tags=_checked({**tags, _VERSION: version, "artifacts": artifacts}),
            )
            self._client.set_terminated(run_id)
            [winner] = [stored for stored in self.versions() if stored.version == version]
            if winner.number != int(made.version):
                self._client.delete_model_version(MODEL_NAME, str(made.version))
            return winner

    def _run_of(self, version: str) -> tuple[str, str]:
        experiment = self._experiment(VERSIONS_EXPERIMENT)
        unfinished = self._client.search_runs(
            [experiment], f"tags.version = '{version}' and attributes.status = 'RUNNING'"
        )
        run = unfinished[0] if unfinished else None
        if run is None:
            run = self._client.create_run(experiment, run_name=version, tags={_VERSION: version})
        return run.info.run_id, run.info.artifact_uri

    def _create_model_name(self) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.create_registered_model(MODEL_NAME)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _copy(self, run_id: str, artifacts: str, folder: Path, name: str) -> None:
        self._client.log_artifacts(run_id, str(folder), name)
        local = local_path(artifacts)
        if local is not None:
            sync_copy(local / name)

    def add_folder(self, stored: StoredVersion, folder: Path, name: str) -> None:
        """Copy one more folder beside the version's others."""
        with _readable(self._settings):
            self._copy(stored.run_id, stored.artifacts, folder, name)

    def set_tags(self, stored: StoredVersion, tags: Mapping[str, str]) -> None:
        """Set tags of a version; equal ones are left alone."""
        with _readable(self._settings):
            for name, value in _checked(tags).items():
                if stored.tags.get(name) != value:
                    self._client.set_model_version_tag(MODEL_NAME, str(stored.number), name, value)

    def set_aliases(self, numbers: Mapping[str, int | None]) -> None:
        """Point each alias at a version number, or remove it."""
        with _readable(self._settings):
            self._create_model_name()
            current = self._client.get_registered_model(MODEL_NAME).aliases
            for alias, number in numbers.items():
                if number is None and alias in current:
                    self._client.delete_registered_model_alias(MODEL_NAME, alias)
                elif number is not None and current.get(alias) != str(number):
                    self._client.set_registered_model_alias(MODEL_NAME, alias, str(number))

    def download(self, run_id: str, name: str, folder: str) -> None:
        """Copy one of a run's folders into a local folder that exists."""
        with _readable(self._settings):
            self._client.download_artifacts(run_id, name, folder)

    def log_run(
        self,
        experiment: str,
        name: str,
        *,
        params: Mapping[str, str],
        metrics: Iterable[tuple[int, Mapping[str, float]]],
        tags: Mapping[str, str],
    ) -> str:
        """Write one finished run; metrics are (step, values by legal name).

        Returns:
            MLflow's id of the run.
        """
        from mlflow.entities import Metric, Param

        with _readable(self._settings):
            now = int(datetime.now(UTC).timestamp() * 1000)
            run_id: str = self._client.create_run(
                self._experiment(experiment), run_name=name, tags=dict(tags)
            ).info.run_id
            pairs = [Param(key, value[:_LONGEST_PARAM]) for key, value in params.items()]
            for start in range(0, len(pairs), _PARAMS_A_CALL):
                self._client.log_batch(run_id, params=pairs[start : start + _PARAMS_A_CALL])
            points = [
                Metric(key, float(value), now, step)
                for step, values in metrics
                for key, value in values.items()
            ]
            for start in range(0, len(points), _METRICS_A_CALL):
                self._client.log_batch(run_id, metrics=points[start : start + _METRICS_A_CALL])
            self._client.set_terminated(run_id)
            return run_id

    def _experiment(self, name: str) -> str:
        from mlflow.exceptions import MlflowException

        while (found := self._client.get_experiment_by_name(name)) is None:
            place = None
            if not _is_server(self._settings):
                place = (self._settings.root / "mlflow-artifacts" / name).as_uri()
            try:
                return str(self._client.create_experiment(name, artifact_location=place))
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
        return str(found.experiment_id)


def _is_server(settings: Settings) -> bool:
    return urlparse(settings.mlflow).scheme in ("http", "https")


def _checked(tags: Mapping[str, str]) -> dict[str, str]:
    for name, value in tags.items():
        if len(value) > _LONGEST_TAG:
            raise RegistryError(
                f"{name} of a model version takes {len(value)} characters, more than the "
                f"{_LONGEST_TAG} that MLflow keeps; store a digest or a path instead."
            )
    return dict(tags)


def _connect(settings: Settings) -> "MlflowClient":
    """Open the store; the first connection of an installation creates MLflow's tables."""
    # MLflow reads these only from the environment, and it sends usage data unless told not to
    # before its first import. Two retries: an unreachable server is named within seconds.
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # noqa: TID251 - see above
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # noqa: TID251 - see above
    try:
        from mlflow import MlflowClient
    except ImportError as error:
        raise RegistryError(
            f"The registry needs MLflow ({error}); install it with pip install 'uniecs[train]'."
        ) from error
    with exclusive(settings.root / ".mlflow.lock"), _quiet(), _readable(settings):
        client = MlflowClient(tracking_uri=settings.mlflow, registry_uri=settings.mlflow)
        client.search_experiments(max_results=1)
        return client


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the log of MLflow's schema migrations off the user's terminal."""
    import logging

    loggers = [logging.getLogger(name) for name in ("alembic", "mlflow.store.db.utils")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _readable(settings: Settings) -> Iterator[None]:
    """Turn MLflow's errors into one message of ours."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        place = settings.mlflow if _is_server(settings) else "the local MLflow store"
        first = str(error.message).splitlines()[0]
        if "failed with exception" in first or "Max retries" in first:
            raise ServiceUnavailable(
                f"The MLflow server {place} does not answer. "
                "Start it, or unset UNIECS_MLFLOW_URI to use SQLite."
            ) from error
        raise RegistryError(f"MLflow ({place}) refused: {first}") from error
