"""Evidently metric of a ratio of sums: clicks per impression, revenue per shopper.

In a module of its own, importable by name, because Evidently stores a metric by its class path.
"""

from typing import TYPE_CHECKING

from evidently.core.metric_types import SingleValue, SingleValueCalculation, SingleValueMetric

if TYPE_CHECKING:
    from evidently import Dataset


class RatioOfSums(SingleValueMetric):  # type: ignore[misc]
    """Sum of one column over the sum of another, both per shopper.

    Attributes:
        numerator: Column of the numerators.
        denominator: Column of the denominators.
        title: Heading in reports.
    """

    numerator: str
    denominator: str
    title: str


class RatioOfSumsCalculation(SingleValueCalculation[RatioOfSums]):  # type: ignore[misc]
    """Current and reference value."""

    def calculate(
        self, context: object, current_data: "Dataset", reference_data: "Dataset"
    ) -> tuple[SingleValue, SingleValue]:
        """Both ratios; 0 where nothing is in the denominator."""
        del context
        return self._ratio(current_data), self._ratio(reference_data)

    def _ratio(self, data: "Dataset") -> SingleValue:
        table = data.as_dataframe()
        bottom = float(table[self.metric.denominator].sum())
        top = float(table[self.metric.numerator].sum())
        return self.result(top / bottom if bottom else 0.0)

    def display_name(self) -> str:
        """Title in reports."""
        return str(self.metric.title)
