"""Drift of catalog columns: Evidently's distances, judged against noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitoring.calibration import noise_level
from monitoring.catalog_table import CatalogTable
from monitoring.config import MonitoringConfig
from monitoring.distances import jensen_shannon, wasserstein
from monitoring.sentences import categorical_change, numeric_change
from monitoring.verdict import Check

if TYPE_CHECKING:
    import pandas as pd
    from evidently.core.report import Snapshot

CATEGORICAL: tuple[str, ...] = ("presence", "department", "category", "brand", "lang", "currency")
NUMERIC: tuple[str, ...] = ("text_length", "attributes", "image_pixels")
_MAX_CATEGORIES = 60  # rarer values are one category: their own counts are all noise
OTHER = "(other)"


@dataclass(frozen=True)
class CatalogDrift:
    """Outcome of the catalog part; ``snapshot`` is None when nothing could be compared."""

    checks: list[Check]
    snapshot: "Snapshot | None"


def compare_catalogs(
    reference: CatalogTable, current: CatalogTable, config: MonitoringConfig
) -> CatalogDrift:
    """Compare two catalogs column by column, and the share of rows that break the schema."""
    few = min(len(reference.products), len(current.products))
    if few < config.min_rows:
        sentence = (
            f"Only {few} valid products on one side; {config.min_rows} are needed to compare."
        )
        missing = Check("catalog", "catalog", None, None, few, "insufficient_data", sentence)
        return CatalogDrift([missing], None)
    columns = _columns(reference.facts, current.facts, config)
    thresholds = {name: columns.threshold(name, config) for name in columns.names}
    snapshot = columns.report(thresholds)
    values = {item["config"]["column"]: item["value"] for item in snapshot.dict()["metrics"]}
    checks = [columns.check(name, float(values[name]), thresholds[name]) for name in columns.names]
    return CatalogDrift([*checks, _invalid_rows(reference, current, config)], snapshot)


@dataclass(frozen=True)
class _Columns:
    """The comparable columns of both catalogs, cleaned."""

    reference: "pd.DataFrame"
    current: "pd.DataFrame"
    numeric: list[str]
    categorical: list[str]

    @property
    def names(self) -> list[str]:
        return [*self.categorical, *self.numeric]

    def threshold(self, name: str, config: MonitoringConfig) -> float:
        import numpy as np
        import pandas as pd

        numeric = name in self.numeric
        floor = config.wasserstein_floor if numeric else config.jensenshannon_floor
        first = self.reference[["group", name]].dropna()
        pool = pd.concat([first, self.current[["group", name]].dropna()], ignore_index=True)
        if numeric:
            distance = wasserstein(pool[name].to_numpy(dtype=np.float64))
        else:
            distance = jensen_shannon(np.asarray(pd.factorize(pool[name])[0], dtype=np.int64))
        groups = np.asarray(pd.factorize(pool["group"])[0], dtype=np.int64)
        noise = noise_level(
            distance, groups, np.arange(len(pool)) < len(first),
            rounds=config.rounds, sigmas=config.sigmas, seed=config.seed,
        )  # fmt: skip
        return max(floor, noise)

    def report(self, thresholds: dict[str, float]) -> "Snapshot":
        from evidently import DataDefinition, Dataset, Report
        from evidently.metrics import ValueDrift
        from evidently.tests import lt

        definition = DataDefinition(
            numerical_columns=self.numeric, categorical_columns=self.categorical
        )
        methods = dict.fromkeys(self.numeric, "wasserstein")
        metrics = [
            ValueDrift(
                column=name,
                method=methods.get(name, "jensenshannon"),
                threshold=thresholds[name],
                tests=[lt(thresholds[name])],
            )
            for name in self.names
        ]
        reference, current = (
            Dataset.from_pandas(table[self.names], data_definition=definition)
            for table in (self.reference, self.current)
        )
        return Report(metrics).run(current, reference)

    def check(self, name: str, value: float, threshold: float) -> Check:
        before, after = self.reference[name].dropna(), self.current[name].dropna()
        describe = numeric_change if name in self.numeric else categorical_change
        return Check(
            name=name,
            part="catalog",
            value=value,
            threshold=threshold,
            n=min(len(before), len(after)),
            state="drifted" if value >= threshold else "healthy",
            sentence=describe(name, before, after),
        )


def _columns(
    reference: "pd.DataFrame", current: "pd.DataFrame", config: MonitoringConfig
) -> _Columns:
    prices = [name for name in reference.columns if name.startswith("price_")]
    numeric = [
        name
        for name in (*prices, *NUMERIC)
        if _filled(reference, name) >= config.min_rows and _filled(current, name) >= config.min_rows
    ]
    categorical = list(CATEGORICAL)
    reference, current = reference.copy(), current.copy()
    for name in categorical:
        kept = _common_values(reference[name], current[name])
        for table in (reference, current):
            table[name] = table[name].where(table[name].isin(kept), OTHER)
    return _Columns(reference, current, numeric, categorical)


def _filled(table: "pd.DataFrame", name: str) -> int:
    return int(table[name].notna().sum()) if name in table else 0


def _common_values(reference: Any, current: Any) -> Sequence[str]:
    shares = reference.value_counts(normalize=True).add(
        current.value_counts(normalize=True), fill_value=0
    )
    kept: list[str] = shares.nlargest(_MAX_CATEGORIES).index.tolist()
    return kept


def _invalid_rows(
    reference: CatalogTable, current: CatalogTable, config: MonitoringConfig
) -> Check:
    """Rise of the share of bad rows, against four standard errors of a share."""
    before, after = (table.invalid / table.rows for table in (reference, current))
    pooled = (reference.invalid + current.invalid) / (reference.rows + current.rows)
    error = (pooled * (1 - pooled) * (1 / reference.rows + 1 / current.rows)) ** 0.5
    threshold = max(0.01, config.sigmas * error)
    return Check(
        name="invalid_rows",
        part="catalog",
        value=after - before,
        threshold=threshold,
        n=min(reference.rows, current.rows),
        state="drifted" if after - before > threshold else "healthy",
        sentence=f"Rows that break the schema: {before:.1%} before, {after:.1%} now.",
    )
