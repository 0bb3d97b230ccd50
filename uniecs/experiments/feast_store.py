"""Features in Feast: apply the definitions, materialize snapshots, read them back.

The one file of the library that imports Feast. The import costs several seconds, so every function
pays it when it is called, never when this module is imported.
"""

import contextlib
import copy
import importlib
import io
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.catalog.reading import Catalog
from uniecs.errors import ServiceUnavailable, StepError, UniECSError, UsageError
from uniecs.experiments.events import event_table
from uniecs.experiments.feature_snapshots import (
    FeatureValue,
    first_seen,
    verify_rows,
    write_snapshot,
)
from uniecs.experiments.feature_state import FeatureState, features_dir, write_feature_state
from uniecs.experiments.features import catalog_features, performance_features
from uniecs.settings import Settings
from uniecs.steps.durability import exclusive

if TYPE_CHECKING:
    import pandas as pd

SERVICE = "product_ranking_v1"
"""The feature service that search asks for, unless a release names another."""

VIEWS: tuple[str, ...] = ("product_catalog", "product_performance")
_BATCH = 500  # products a read: the online store binds one variable for each


def apply_features(settings: Settings) -> list[str]:
    """Register the definitions of the feature repository with Feast; again changes nothing.

    Returns:
        Names of what is registered: entities, views, services.

    Raises:
        UsageError: When there is no feature repository, or it cannot be read.
        ServiceUnavailable: When a store does not answer.
    """
    repository = feature_repository(settings)
    folder = features_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / "lock"), _answering("apply features"), _offline():
        objects = [_anchored(item, folder) for item in _definitions(repository)]
        _open_store(settings).apply(objects)
    return sorted(item.name for item in objects)


def materialize_features(
    settings: Settings,
    catalog: Catalog,
    events: "pd.DataFrame | None" = None,
    *,
    now: datetime | None = None,
) -> FeatureState:
    """Snapshot the features of all products, load the online store and read every row back.

    Only when every value came back does the watermark move (``feature_state``); until then search
    goes on with what it had. Killed half-way, it is simply run again.

    Args:
        settings: Installation; apply the definitions first.
        catalog: An accepted catalog.
        events: A table of events; None means that nothing happened yet.
        now: Time of the snapshot; the clock by default.

    Raises:
        ServiceUnavailable: When a store does not answer, or the definitions were never applied.
        StepError: When the online store does not give back what was written.
    """
    now = (now or datetime.now(UTC)).astimezone(UTC)
    events = event_table(()) if events is None else events
    folder = features_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / "lock"):
        tables = {
            "product_catalog": catalog_features(catalog, now, first_seen=first_seen(folder)),
            "product_performance": performance_features(catalog.products, events, now),
        }
        for view, table in tables.items():
            write_snapshot(table, folder / view, now)
        with _answering("materialize features"), _offline():
            store = _open_store(settings)
            # the window holds this snapshot alone; its end is exclusive in some stores
            store.materialize(now - timedelta(seconds=1), now + timedelta(seconds=1))
        state = FeatureState(
            feature_service=SERVICE,
            materialized_at=now,
            catalog_digest=catalog.digest,
            rows=_verified(settings, tables),
            events=len(events),
        )
        write_feature_state(settings, state)
    return state


def historical_features(
    settings: Settings, entity_rows: "pd.DataFrame", *, service: str = SERVICE
) -> "pd.DataFrame":
    """Features as they were known at each row's time: one row out per row in, in order.

    Args:
        settings: Installation.
        entity_rows: Columns product_id and event_timestamp (UTC), and any others.
        service: Feature service.

    Raises:
        ServiceUnavailable: When the definitions were never applied or a store does not answer.
        StepError: When a store drops or doubles rows.
    """
    rows = entity_rows.astype({"event_timestamp": "datetime64[us, UTC]"})
    rows = rows.assign(_row=range(len(rows)))
    with _answering("read historical features"), _offline():
        store = _open_store(settings)
        job = store.get_historical_features(rows, store.get_feature_service(service))
        joined: pd.DataFrame = job.to_df()
    if sorted(joined["_row"]) != list(range(len(rows))):
        raise StepError(
            f"The offline store answered {len(joined)} rows for {len(rows)}: it is not a left "
            "join. Use `offline_store: {type: duckdb}` in feature_store.yaml."
        )
    return joined.sort_values("_row").drop(columns="_row").reset_index(drop=True)


class OnlineFeatures:
    """Reads the online store of an installation.

    Args:
        settings: Installation whose definitions were applied.
        service: Feature service to read.

    Raises:
        ServiceUnavailable: When the definitions were never applied or a store does not answer.
    """

    def __init__(self, settings: Settings, service: str = SERVICE) -> None:
        with _answering("open the feature store"):
            self._store = _open_store(settings)
            self._service = self._store.get_feature_service(service)

    def read(self, product_ids: Sequence[str]) -> dict[str, dict[str, FeatureValue]]:
        """product_id -> feature -> value, None where the store has none.

        Raises:
            ServiceUnavailable: When the store does not answer.
        """
        values: dict[str, dict[str, FeatureValue]] = {}
        for start in range(0, len(product_ids), _BATCH):
            batch = list(product_ids[start : start + _BATCH])
            with _answering("read online features"):
                response = self._store.get_online_features(
                    features=self._service, entity_rows={"product_id": batch}
                )
                columns = response.to_dict()
            names = [name for name in columns if name != "product_id"]
            for row, product_id in enumerate(columns["product_id"]):
                values[product_id] = {name: columns[name][row] for name in names}
        return values


def feature_repository(settings: Settings) -> Path:
    """The folder of the definitions: UNIECS_FEAST_REPO, else ``feature_repo`` of the checkout.

    Raises:
        UsageError: When the folder has no feature_store.yaml.
    """
    beside = Path(__file__).parents[2] / "feature_repo"
    folder = settings.feast_repo or (beside if beside.is_dir() else Path("feature_repo"))
    if not (folder / "feature_store.yaml").is_file():
        raise UsageError(
            f"{folder} holds no feature_store.yaml; set UNIECS_FEAST_REPO to a Feast repository."
        )
    return folder.absolute()


def _open_store(settings: Settings) -> Any:
    text = (feature_repository(settings) / "feature_store.yaml").read_text(encoding="utf-8")
    import yaml
    from feast import FeatureStore
    from feast.repo_config import RepoConfig

    warnings.filterwarnings("ignore", module=r"(feast|ibis)\.")  # about their own code
    folder = features_dir(settings)
    config = yaml.safe_load(os.path.expandvars(text))
    registry = config.get("registry")
    if isinstance(registry, dict):
        registry["path"] = _anchored_url(registry["path"], folder)
    if settings.redis_url:
        config["online_store"] = {"type": "redis", "connection_string": settings.redis_url}
    return FeatureStore(config=RepoConfig(**config, repo_path=folder))


def _anchored_url(url: str, folder: Path) -> str:
    prefix = "sqlite:///"
    if url.startswith(prefix) and not url.startswith(prefix + "/"):
        return f"{prefix}{folder / url.removeprefix(prefix)}"
    return url


def _definitions(repository: Path) -> list[Any]:
    """Every Feast object at module level of the repository's files, as ``feast apply`` finds it.

    Files import one another by their bare names, so the folder is on the path while they load.
    """
    from feast import Entity, FeatureService, FeatureView
    from feast.data_source import DataSource

    names = [path.stem for path in sorted(repository.glob("*.py")) if path.stem != "__init__"]
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, str(repository))
    try:
        modules = [importlib.import_module(name) for name in names]
    finally:
        sys.path.remove(str(repository))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)
    found = {id(value): value for module in modules for value in vars(module).values()}
    kinds = (Entity, DataSource, FeatureView, FeatureService)
    return [value for value in found.values() if isinstance(value, kinds)]


def _anchored(definition: Any, folder: Path) -> Any:
    """A copy whose file sources have absolute paths: DuckDB resolves relative ones by the cwd."""
    definition = copy.deepcopy(definition)
    for source in (definition, getattr(definition, "batch_source", None)):
        options = getattr(source, "file_options", None)
        if options is not None and "://" not in options.uri:
            options.uri = str(folder / options.uri)
    return definition


def _verified(settings: Settings, tables: "dict[str, pd.DataFrame]") -> dict[str, int]:
    """View -> rows that came back as they were written."""
    ids = tables["product_catalog"]["product_id"].tolist()
    stored = OnlineFeatures(settings).read(ids)
    return {view: verify_rows(view, table, stored) for view, table in tables.items()}


@contextlib.contextmanager
def _answering(action: str) -> Iterator[None]:
    try:
        yield
    except UniECSError:
        raise
    except Exception as error:  # Feast lets errors of every store, driver and format through
        raise ServiceUnavailable(
            f"Feast cannot {action}: {type(error).__name__}: {str(error)[:300]}. "
            "Apply the definitions, and check feature_store.yaml and its stores."
        ) from error


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """For calls that use the offline store: Feast prints progress, and DuckDB stays open.

    Standard output is for results. The connection that ibis keeps for the process would be
    reported as leaked when it ends. Never for online reads: they run beside other threads.
    """
    with contextlib.redirect_stdout(io.StringIO()):
        yield
    if (ibis := sys.modules.get("ibis")) is not None:
        ibis.options.default_backend = None
