"""Evidently metric of one check: its value and its threshold, so that a dashboard can plot both.

Evidently tells series apart by all parameters of a metric. A threshold depends on the sample, so a
metric that carries it as a parameter would start a new curve with every report.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from evidently import DataDefinition, Dataset, Report
from evidently.core.metric_types import SingleValue, SingleValueCalculation, SingleValueMetric

from monitoring.sentences import label
from monitoring.verdict import Check

if TYPE_CHECKING:
    from evidently.core.report import Snapshot


class CheckFigure(SingleValueMetric):  # type: ignore[misc]
    """One figure of one check.

    Attributes:
        check: Name of the check.
        figure: Which of its figures.
    """

    check: str
    figure: Literal["value", "threshold"]


class CheckFigureCalculation(SingleValueCalculation[CheckFigure]):  # type: ignore[misc]
    """Reads the figure from a table with one row."""

    def calculate(
        self, context: object, current_data: "Dataset", reference_data: "Dataset | None"
    ) -> tuple[SingleValue, None]:
        """The figure; there is no reference."""
        del context, reference_data
        column = current_data.as_dataframe()[_column(self.metric.check, self.metric.figure)]
        return self.result(float(column.iloc[0])), None

    def display_name(self) -> str:
        """Title in reports."""
        return f"{label(self.metric.check)}: {self.metric.figure}"


def check_run(checks: Sequence[Check]) -> "Snapshot":
    """A run that holds value and threshold of every check that has them."""
    import pandas as pd

    metrics, row = [], {}
    for check in checks:
        if check.value is None or check.threshold is None:
            continue
        for figure, number in (("value", check.value), ("threshold", check.threshold)):
            metrics.append(CheckFigure(check=check.name, figure=figure))
            row[_column(check.name, figure)] = float(number)
    table = pd.DataFrame([row or {"none": 0.0}])
    definition = DataDefinition(numerical_columns=list(table), categorical_columns=[])
    return Report(metrics).run(Dataset.from_pandas(table, data_definition=definition), None)


def _column(check: str, figure: str) -> str:
    return f"{check}.{figure}"
