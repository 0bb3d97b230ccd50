"""Two reports on the same evaluation: whether they are, and their differences per query."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from uniecs.evaluation.bootstrap import Sample
from uniecs.evaluation.per_query import read_per_query
from uniecs.evaluation.report import EvaluationReport, read_report

if TYPE_CHECKING:
    import pandas as pd

SAME: tuple[str, ...] = ("catalog_digest", "split", "pool")
"""What two reports must share to be compared."""


@dataclass(frozen=True)
class Judged:
    """A report with its values per query."""

    report: EvaluationReport
    table: "pd.DataFrame"

    @classmethod
    def read(cls, folder: Path) -> "Judged":
        """From a report folder.

        Raises:
            DataError: When one of its files is missing or unreadable.
        """
        return cls(read_report(folder), read_per_query(folder))


def mismatches(one: Judged, other: Judged, *, names: tuple[str, str]) -> list[str]:
    """Why two reports cannot be compared; empty when they can.

    Args:
        one: A report.
        other: Another one.
        names: Where each stands, as messages say it, such as ``here`` and ``in production's``.
    """
    differing = [
        f"{name} is {getattr(one.report, name)} {names[0]} and "
        f"{getattr(other.report, name)} {names[1]}"
        for name in SAME
        if getattr(one.report, name) != getattr(other.report, name)
    ]
    if not differing:
        asked = [set(zip(j.table["task"], j.table["query_id"], strict=True)) for j in (one, other)]
        pools = [{name: task.pool for name, task in j.report.tasks.items()} for j in (one, other)]
        if asked[0] != asked[1]:
            differing.append(f"{len(asked[0] ^ asked[1])} queries are in one report only")
        elif pools[0] != pools[1]:
            differing.append("the pools differ in size")
    return differing


def differences(new: Judged, old: Judged, metric: str) -> Mapping[str, Sample]:
    """Task -> (new - old) per query, paired by query id."""
    keys = ["task", "query_id"]
    joined = new.table.merge(
        old.table, on=keys, suffixes=("", "_old"), validate="one_to_one", sort=False
    )
    joined["difference"] = joined[metric] - joined[f"{metric}_old"]
    return {
        str(name): Sample(list(rows["product_id"]), rows[["difference"]].to_numpy(np.float64))
        for name, rows in joined.groupby("task", sort=False)
    }
