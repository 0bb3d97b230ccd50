"""Evidently metrics of reduced embeddings.

Evidently's own ``EmbeddingsDrift`` always draws a t-SNE, which costs half a minute of CPU a metric;
these call its drift methods alone. They live in an importable module because Evidently stores a
metric by its class path.
"""

from typing import TYPE_CHECKING, Any

import pandas as pd
from evidently.core.metric_types import (
    SingleValue,
    SingleValueCalculation,
    SingleValueMetric,
    get_default_render,
)
from evidently.legacy.renderers.html_widgets import plotly_figure
from evidently.metrics.embeddings import MMDDriftMethod, ModelDriftMethod

if TYPE_CHECKING:
    from evidently import Dataset

PREFIX = "component_"
"""Columns that hold the reduced embedding."""

_PLOTTED = 600


class EmbeddingClassifierAuc(SingleValueMetric):  # type: ignore[misc]
    """AUC of a linear classifier that tells current from reference; 0.5 when it cannot."""


class EmbeddingClassifierAucCalculation(SingleValueCalculation[EmbeddingClassifierAuc]):  # type: ignore[misc]
    """Runs ``ModelDriftMethod``, with a plot of the two main components."""

    def calculate(
        self, context: object, current_data: "Dataset", reference_data: "Dataset"
    ) -> tuple[SingleValue, None]:
        """Value for the current data against the reference; the reference has none of its own."""
        del context
        current, reference = _components(current_data), _components(reference_data)
        # whitened, so that the classifier's penalty treats components alike; the method adds a
        # column to what it is given, so it gets frames of its own
        scale = pd.concat([reference, current]).std().clip(lower=1e-6)
        score, _, _ = ModelDriftMethod()(current / scale, reference / scale)
        result = self.result(float(score))
        default = get_default_render(self.display_name(), result)
        result.widget = [*default, _scatter(current, reference)]
        return result, None

    def display_name(self) -> str:
        """Title in reports."""
        return "Classifier that tells current from reference embeddings: AUC"


class EmbeddingMmd(SingleValueMetric):  # type: ignore[misc]
    """Unbiased squared maximum mean discrepancy with a Gaussian kernel; 0 when equal.

    Attributes:
        rows: Embeddings a side, from the first, for the cost is quadratic.
    """

    rows: int = 700


class EmbeddingMmdCalculation(SingleValueCalculation[EmbeddingMmd]):  # type: ignore[misc]
    """Runs ``MMDDriftMethod``."""

    def calculate(
        self, context: object, current_data: "Dataset", reference_data: "Dataset"
    ) -> tuple[SingleValue, None]:
        """Value for the current data against the reference; the reference has none of its own."""
        del context
        rows = self.metric.rows
        current, reference = _components(current_data), _components(reference_data)
        score, _, _ = MMDDriftMethod()(current.head(rows).copy(), reference.head(rows).copy())
        return self.result(float(score)), None

    def display_name(self) -> str:
        """Title in reports."""
        return "Maximum mean discrepancy of current and reference embeddings"


def _components(data: "Dataset") -> pd.DataFrame:
    table: pd.DataFrame = data.as_dataframe()
    return table[[name for name in table.columns if str(name).startswith(PREFIX)]].copy()


def _scatter(current: pd.DataFrame, reference: pd.DataFrame) -> Any:
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, table, colour in (
        ("reference", reference, "#a7adb2"),
        ("current", current, "#c2620e"),
    ):
        table = table.head(_PLOTTED)
        marks = {"size": 5, "opacity": 0.6, "color": colour}
        x, y = table.iloc[:, 0], table.iloc[:, 1]
        figure.add_scatter(x=x, y=y, mode="markers", name=name, marker=marks)
    figure.update_layout(
        xaxis_title="first component", yaxis_title="second component", template="plotly_white"
    )
    return plotly_figure(title="Embeddings on their two main components", figure=figure)
