"""From finished runs to figures: means over seeds, their spread, and paired tests."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.quality.arms import MAIN_SEEDS, Run
from benchmarks.quality.running import RESULT, finished, run_folder
from uniecs.evaluation.bootstrap import Sample
from uniecs.evaluation.comparison import METRIC, ComparisonConfig, p_values
from uniecs.evaluation.pairing import Judged, differences


@dataclass(frozen=True)
class Spread:
    """A figure over seeds.

    Attributes:
        mean: Over the seeds.
        low: Smallest.
        high: Largest.
        seeds: How many.
    """

    mean: float
    low: float
    high: float
    seeds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        return cls(float(np.mean(values)), min(values), max(values), len(values))

    def __str__(self) -> str:
        """``.812 (.801 to .823, 3 seeds)``; one seed has no spread."""
        mean = f"{self.mean:.3f}".removeprefix("0")
        if self.seeds == 1:
            return f"{mean} (1 seed)"
        low, high = (f"{value:.3f}".removeprefix("0") for value in (self.low, self.high))
        return f"{mean} ({low} to {high}, {self.seeds} seeds)"


class Results:
    """Finished runs of one folder."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._read: dict[Run, Judged] = {}

    def seeds(self, catalog: str, arm: str) -> list[int]:
        """Seeds that have finished."""
        return [s for s in range(MAIN_SEEDS) if finished(self.out, Run(catalog, arm, s))]

    def judged(self, run: Run) -> Judged:
        """The report of a finished run."""
        if run not in self._read:
            self._read[run] = Judged.read(run_folder(self.out, run) / "report")
        return self._read[run]

    def notes(self, run: Run) -> dict[str, object]:
        """Steps, seconds and settings of a finished run."""
        found: dict[str, object] = json.loads((run_folder(self.out, run) / RESULT).read_text())
        return found

    def macro(self, catalog: str, arm: str) -> Spread | None:
        """Macro R@10 over seeds."""
        values = [self.judged(r).report.macro.recall_10 for r in self._runs(catalog, arm)]
        return Spread.of(values) if values else None

    def task(self, catalog: str, arm: str, task: str) -> Spread | None:
        """R@10 of a task over seeds."""
        values = [
            self.judged(run).report.tasks[task].recall_10
            for run in self._runs(catalog, arm)
            if task in self.judged(run).report.tasks
        ]
        return Spread.of(values) if values else None

    def query_type(self, catalog: str, arm: str, kind: str, ranker: str) -> Spread | None:
        """nDCG@10 of a query type over seeds."""
        found = [self.judged(run).report.queries.get(kind, {}) for run in self._runs(catalog, arm)]
        values = [rankers[ranker].ndcg_10 for rankers in found if ranker in rankers]
        return Spread.of(values) if values else None

    def p_value(self, catalog: str, arm: str, other: str) -> float | None:
        """Two-sided p of the difference in macro R@10, over the seeds that both have.

        A product's differences of all seeds and tasks change sign together, so that more seeds
        make the estimate steadier and not the sample larger.
        """
        shared = [s for s in self.seeds(catalog, arm) if s in self.seeds(catalog, other)]
        paired: dict[str, list[Sample]] = {}
        for seed in shared:
            one, two = (self.judged(Run(catalog, name, seed)) for name in (arm, other))
            for task, sample in differences(one, two, METRIC).items():
                paired.setdefault(task, []).append(sample)
        if not paired:
            return None
        joined = {
            task: Sample(
                [unit for sample in samples for unit in sample.units],
                np.concatenate([sample.values for sample in samples]),
            )
            for task, samples in paired.items()
        }
        return p_values(joined, ComparisonConfig())[0]

    def _runs(self, catalog: str, arm: str) -> list[Run]:
        return [Run(catalog, arm, seed) for seed in self.seeds(catalog, arm)]
