"""Values per query of the nine tasks: ``per_query.parquet``, by which two reports are compared."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from uniecs.errors import DataError
from uniecs.evaluation.bootstrap import Sample
from uniecs.evaluation.metrics import METRICS
from uniecs.evaluation.report import PER_QUERY
from uniecs.evaluation.tasks import TaskOutcome

if TYPE_CHECKING:
    import pandas as pd


def write_per_query(folder: Path, outcomes: Mapping[str, TaskOutcome]) -> None:
    """Columns: task, query_id, product_id (what the query is about), one per metric."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, list[str] | np.ndarray] = {
        "task": [name for name, outcome in outcomes.items() for _ in outcome.asks],
        "query_id": [ask.query_id for outcome in outcomes.values() for ask in outcome.asks],
        "product_id": [unit for outcome in outcomes.values() for unit in outcome.units],
    }
    for metric in METRICS:
        columns[metric] = np.concatenate([o.values[metric] for o in outcomes.values()])
    pq.write_table(pa.table(columns), folder / PER_QUERY, compression="zstd")


def read_per_query(folder: Path) -> "pd.DataFrame":
    """The table of a report folder.

    Raises:
        DataError: When it is missing or unreadable.
    """
    import pandas as pd

    path = folder / PER_QUERY
    try:
        return pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path}: no values per query ({error}); run `uniecs evaluate` again."
        ) from error


def samples_of(outcomes: Mapping[str, TaskOutcome]) -> dict[str, Sample]:
    """All metrics of the tasks as the bootstrap takes them."""
    return {
        name: Sample(outcome.units, np.column_stack([outcome.values[m] for m in METRICS]))
        for name, outcome in outcomes.items()
    }
