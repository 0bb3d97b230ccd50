"""The Evidently workspace: every report adds its runs, the dashboard shows them over time."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitoring.sentences import label
from monitoring.verdict import Check
from uniecs.settings import Settings
from uniecs.steps.durability import exclusive

if TYPE_CHECKING:
    from evidently.core.report import Snapshot

PROJECT = "UniECS"
SIMULATED = "UniECS (simulated shoppers)"
"""Runs on simulated events have a project of their own, so that no curve mixes the two."""


def workspace_dir(settings: Settings) -> Path:
    """Where the workspace lies."""
    return settings.root / "monitoring" / "workspace"


def add_runs(
    settings: Settings,
    snapshots: "Mapping[str, Snapshot]",
    checks: Sequence[Check],
    *,
    simulated: bool,
) -> None:
    """Append the runs of one report, and a panel for every check that has none yet.

    Args:
        settings: Installation.
        snapshots: Part of the report -> its run.
        checks: Checks of the report.
        simulated: Whether its online part rests on simulated shoppers.
    """
    folder = workspace_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder.parent / "workspace.lock"):
        for part, snapshot in snapshots.items():
            name = SIMULATED if simulated and part == "online" else PROJECT
            project = _project(folder, name)
            _workspace(folder).add_run(project.id, snapshot, name=part)
            _ensure_panels(project, [check for check in checks if check.part == part])


def create_workspace(settings: Settings) -> Path:
    """The workspace with its project, made when it does not exist yet.

    Returns:
        Its folder.
    """
    folder = workspace_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder.parent / "workspace.lock"):
        _project(folder, PROJECT)
    return folder


def serve_workspace(folder: Path, *, host: str, port: int) -> None:
    """Serve the dashboards until interrupted; nothing is reported to anyone."""
    from evidently.ui.service.app import get_config, run

    import monitoring.embedding_metrics
    import monitoring.online_metrics  # noqa: F401 - stored runs name these classes

    config: Any = get_config(host=host, port=port, workspace=folder.as_posix())
    config.telemetry.enabled = False
    run(config)


def _workspace(folder: Path) -> Any:
    from evidently.ui.workspace import Workspace

    return Workspace.create(folder.as_posix())


def _project(folder: Path, name: str) -> Any:
    workspace = _workspace(folder)
    for project in workspace.search_project(name):
        if project.name == name:
            return project
    project = workspace.create_project(name)
    project.description = "Drift of the catalog, of embeddings and of online figures, over time."
    if name == SIMULATED:
        project.description = "Every figure here comes from simulated shoppers, not from people."
    project.save()
    return project


def _ensure_panels(project: Any, checks: Sequence[Check]) -> None:
    from evidently.sdk.models import DashboardPanelPlot

    known = {panel.title for panel in project.dashboard.model().panels}
    for check in checks:
        title, values = _panel(check)
        if not values or title in known:
            continue
        panel = DashboardPanelPlot(
            title=title,
            subtitle="Distance to the reference" if check.part == "catalog" else "",
            size="half",
            values=values,
            plot_params={"plot_type": "line"},
        )
        project.dashboard.add_panel(panel, tab=check.part.capitalize())


def _panel(check: Check) -> tuple[str, list[Any]]:
    from evidently.sdk.models import PanelMetric

    def metric(name: str, **labels: str) -> list[Any]:
        return [PanelMetric(legend=label(check.name), metric=name, metric_labels=labels)]

    if check.name == "embedding_auc":
        return "Classifier AUC of embeddings", metric("EmbeddingClassifierAuc")
    if check.name == "embedding_mmd":
        return "Maximum mean discrepancy of embeddings", metric("EmbeddingMmd")
    if check.name == "ctr":
        return "Click-through rate", metric("RatioOfSums", numerator="clicks")
    if check.name.startswith("revenue_"):
        return f"Revenue per shopper: {label(check.name)}", metric(
            "RatioOfSums", numerator=check.name
        )
    if check.part == "catalog" and check.value is not None and check.name != "invalid_rows":
        return f"Drift of {label(check.name)}", metric("ValueDrift", column=check.name)
    return "", []
