"""What a report holds beyond the nine tasks; all of it from vectors that exist already."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from uniecs.catalog.reading import Catalog
from uniecs.evaluation.calibration import calibrate_gates
from uniecs.evaluation.degradation import degrade
from uniecs.evaluation.leakage import leakage
from uniecs.evaluation.loss_weights import read_loss_weights
from uniecs.evaluation.material import Material
from uniecs.evaluation.mixed_pool import mixed_pool
from uniecs.evaluation.pool_sizes import grow_pool
from uniecs.evaluation.queries import QueryOutcome
from uniecs.evaluation.slices import slice_report
from uniecs.evaluation.tasks import TaskOutcome
from uniecs.evaluation.unimodal import unimodal_baselines
from uniecs.evaluation.views import Progress


def beyond_the_tasks(
    material: Material,
    tasks: Mapping[str, TaskOutcome],
    queries: Mapping[str, Mapping[str, QueryOutcome]],
    catalog: Catalog,
    split: str,
    history: Path | None,
    progress: Progress | None,
) -> dict[str, Any]:
    """Every further part of the report, by its name in ``report.json``."""
    config = material.config
    parts: dict[str, Callable[[], Any]] = {
        "mixed_pool": lambda: mixed_pool(material),
        "degradation": lambda: degrade(material),
        "pool_sizes": lambda: grow_pool(material),
        "slices": lambda: slice_report(tasks, queries, catalog, config),
        "unimodal": lambda: unimodal_baselines(tasks, config),
        "calibration": lambda: calibrate_gates(tasks, material.views, config),
        "leakage": lambda: leakage(catalog, material.relations, split),
        "training": lambda: read_loss_weights(history) if history else None,
    }
    found = {}
    for number, (name, part) in enumerate(parts.items(), 1):
        found[name] = part()
        if progress:
            progress("beyond the nine tasks", number, len(parts))
    return found
