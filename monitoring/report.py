"""One monitoring report: read, compare, judge, write."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.catalog_drift import CATEGORICAL, CatalogDrift, compare_catalogs
from monitoring.catalog_table import CatalogTable, read_catalog_table
from monitoring.charts import histogram, share_bars
from monitoring.config import MonitoringConfig
from monitoring.embedding_drift import EmbeddingDrift, compare_embeddings, no_model
from monitoring.online import OnlineDrift, compare_periods
from monitoring.page import ReportFacts, write_page
from monitoring.sentences import is_logarithm
from monitoring.verdict import Check, Verdict, judge
from monitoring.workspace import add_runs
from uniecs.experiments.event_files import read_events
from uniecs.settings import Settings

if TYPE_CHECKING:
    from evidently.core.report import Snapshot

    from uniecs.inference.encoder import Encoder


@dataclass(frozen=True)
class ReportSpec:
    """What to compare.

    Attributes:
        reference: Catalog folder that the model was trained or last judged on.
        current: Catalog folder that is served now.
        report: Folder that is written.
        model: Model folder, or version in the registry; None for the production model.
        events: File of events; None leaves the online part out.
    """

    reference: Path
    current: Path
    report: Path
    model: str | None = None
    events: Path | None = None


def make_report(
    spec: ReportSpec,
    settings: Settings,
    config: MonitoringConfig | None = None,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Write ``verdict.json``, a page and Evidently's reports, and add runs to the workspace.

    ``verdict.json`` is written last: where it is, the rest is complete.

    Args:
        spec: What to compare.
        settings: Installation: registry of the production model, workspace.
        config: Thresholds and sample sizes.
        say: Told what is being done.

    Raises:
        CatalogError: When a catalog cannot be read.
        EventError: When the events cannot be read.
        ModelError: When the model that was asked for cannot be used.
    """
    config = config or MonitoringConfig()
    spec.report.mkdir(parents=True, exist_ok=True)
    (spec.report / "verdict.json").unlink(missing_ok=True)
    events = read_events(spec.events) if spec.events else None
    say("reading catalogs")
    reference, current = (
        read_catalog_table(folder, max_rows=config.max_rows, seed=config.seed)
        for folder in (spec.reference, spec.current)
    )
    say("comparing catalog columns")
    catalog = compare_catalogs(reference, current, config)
    say("comparing embeddings")
    embeddings, version = _embeddings(spec, settings, (reference, current), config)
    online = None
    if events is not None:
        say("comparing online figures")
        online = compare_periods(events, config)
    return _write(spec, settings, (reference, current), (catalog, embeddings, online), version)


def _embeddings(
    spec: ReportSpec,
    settings: Settings,
    tables: tuple[CatalogTable, CatalogTable],
    config: MonitoringConfig,
) -> tuple[EmbeddingDrift, str | None]:
    folder = _model_folder(spec.model, settings)
    if folder is None:
        return no_model(
            "No model was given and none is in production, so nothing gives embeddings."
        ), None
    few = min(len(table.products) for table in tables)
    if few < config.min_rows:
        return no_model(
            f"Only {few} valid products on one side; {config.min_rows} are needed."
        ), None
    encoder = _load(folder)
    return compare_embeddings(*tables, encoder.encode, config), encoder.model_version


def _model_folder(model: str | None, settings: Settings) -> Path | None:
    if model is not None and Path(model).is_dir():
        return Path(model)
    from uniecs.registry.registry import Registry

    registry = Registry(settings)
    version = registry.get(model) if model is not None else registry.production()
    return version.folder if version is not None else None


def _load(folder: Path) -> "Encoder":
    from uniecs.inference.encoder import Encoder

    return Encoder.load(folder)


def _write(
    spec: ReportSpec,
    settings: Settings,
    tables: tuple[CatalogTable, CatalogTable],
    parts: tuple[CatalogDrift, EmbeddingDrift, OnlineDrift | None],
    version: str | None,
) -> Verdict:
    catalog, embeddings, online = parts
    checks = [*catalog.checks, *embeddings.checks, *(online.checks if online else [])]
    simulated = bool(online and online.simulated)
    verdict = judge(checks, simulated=simulated)
    runs = {"catalog": catalog.snapshot, "embeddings": embeddings.snapshot}
    if online is not None:
        runs["online"] = online.snapshot
    snapshots: dict[str, Snapshot] = {
        part: snapshot for part, snapshot in runs.items() if snapshot is not None
    }
    for part, snapshot in snapshots.items():
        snapshot.save_html((spec.report / f"{part}.html").as_posix())
    facts = ReportFacts(
        reference=spec.reference,
        current=spec.current,
        model=version,
        made=datetime.now(UTC),
        plots=_plots(*tables, catalog.checks),
        links={part: f"{part}.html" for part in snapshots},
    )
    write_page(spec.report / "index.html", verdict, checks, facts)
    add_runs(settings, snapshots, checks, simulated=simulated)
    verdict.save(spec.report / "verdict.json")
    return verdict


def _plots(reference: CatalogTable, current: CatalogTable, checks: list[Check]) -> dict[str, str]:
    """An SVG for each compared column; a column of one value needs none."""
    plots = {}
    for check in checks:
        name = check.name
        if check.value is None or name not in reference.facts or name not in current.facts:
            continue
        before, after = reference.facts[name].dropna(), current.facts[name].dropna()
        if max(before.nunique(), after.nunique()) < 2:
            continue
        if name in CATEGORICAL:
            plots[name] = share_bars(before, after)
        else:
            plots[name] = histogram(before, after, logarithm=is_logarithm(name))
    return plots
