"""Tell MLflow of a training run, by what the run itself wrote down."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from uniecs.registry.runs import log_run
from uniecs.settings import Settings
from uniecs.training.config import TrainConfig
from uniecs.training.history import logged_figures

if TYPE_CHECKING:
    from uniecs.training.run import TrainReport


def log_training(
    settings: Settings, folder: Path, config: TrainConfig, report: "TrainReport", *, name: str
) -> None:
    """Log a finished run as one, whichever processes it took.

    Args:
        settings: Names the MLflow store.
        folder: The run's folder.
        config: The run's resolved config.
        report: What it came to.
        name: What a person calls the run.

    Raises:
        ServiceUnavailable: When the MLflow server does not answer.
    """
    log_run(
        settings,
        name=name,
        config=config.model_dump(mode="json"),
        metrics=_history(folder / "history.jsonl"),
        model_version=report.model_version,
        tags={"catalog_digest": report.catalog_digest},
    )


def _history(path: Path) -> list[tuple[int, dict[str, float]]]:
    """What the run recorded, before and after any kill: steps, and validations by task."""
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return [
        (row["step"], {f"val {task.replace('->', '-')} R@10": v for task, v in row["val"].items()})
        if "val" in row
        else (row["step"], logged_figures(row))
        for row in rows
    ]
