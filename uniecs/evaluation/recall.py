"""R@10 of the nine tasks and nothing else: what two forms of one model are compared by."""

from dataclasses import dataclass

import numpy as np

from uniecs.catalog.pairs import evaluation_pairs
from uniecs.catalog.reading import Catalog
from uniecs.errors import CatalogError
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.material import prepare
from uniecs.evaluation.tasks import run_tasks
from uniecs.evaluation.views import ItemEncoder, Progress


@dataclass(frozen=True, slots=True)
class TaskRecall:
    """R@10 of one task, and how many queries it is the mean of."""

    recall: float
    queries: int


def recall_at_10(
    encoder: ItemEncoder, catalog: Catalog, *, split: str, progress: Progress | None = None
) -> dict[str, TaskRecall]:
    """R@10 over a split's own pool, by the name of each task that has queries.

    Raises:
        CatalogError: When the split has no pairs.
    """
    pairs = evaluation_pairs(catalog, split)
    if not pairs:
        raise CatalogError(
            f"{catalog.file}: no product of split {split} has two sides to compare; "
            "give a catalog whose test split has some."
        )
    config = EvaluationConfig(pool_sizes=())
    found = prepare(encoder, catalog, pairs, "split", config, progress)
    tasks = run_tasks(found.asks, found.pool, found.relations, found.views, config)
    return {
        name: TaskRecall(float(np.mean(outcome.values["R@10"])), len(outcome.asks))
        for name, outcome in tasks.items()
        if outcome.asks
    }
