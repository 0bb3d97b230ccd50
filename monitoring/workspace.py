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

METRIC = "CheckFigure"


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
    from monitoring.check_metrics import check_run

    folder = workspace_dir(settings)
    folder.mkdir(parents=True, exist_ok=True)
    online = {check.name for check in checks if check.part == "online"} if simulated else set()
    with exclusive(folder.parent / "workspace.lock"):
        workspace = _workspace(folder)
        for name, apart in ((PROJECT, False), (SIMULATED, True)):
            mine = [check for check in checks if (check.name in online) is apart]
            if not mine:
                continue
            project = _project(folder, name)
            workspace.add_run(project.id, check_run(mine), name="checks")
            parts = {check.part for check in mine} & snapshots.keys()
            for part in sorted(parts):
                workspace.add_run(project.id, snapshots[part], name=part)
            _ensure_panels(project, mine)


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

    import monitoring.check_metrics
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
    """One panel a check: its value and its threshold over time."""
    from evidently.sdk.models import DashboardPanelPlot, PanelMetric

    known = {panel.title for panel in project.dashboard.model().panels}
    for check in checks:
        name = label(check.name)
        title = name[0].upper() + name[1:]
        if check.value is None or title in known:
            continue
        values = [
            PanelMetric(
                legend=figure,
                metric=METRIC,
                metric_labels={"check": check.name, "figure": figure},
            )
            for figure in ("value", "threshold")
        ]
        panel = DashboardPanelPlot(
            title=title,
            subtitle=f"{check.part.capitalize()}: what was measured, and where drift begins",
            size="half",
            values=values,
            plot_params={"plot_type": "line"},
        )
        project.dashboard.add_panel(panel)
