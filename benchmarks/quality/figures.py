"""From finished runs to figures: means over seeds, their spread, and paired tests."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.quality.arms import Run, plan
from benchmarks.quality.running import NOT_ASKED, RESULT, finished, run_folder
from uniecs.errors import UsageError
from uniecs.evaluation.bootstrap import Sample
from uniecs.evaluation.comparison import ComparisonConfig, p_values


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

    def seeds(self, catalog: str, arm: str) -> list[int]:
        """Seeds that have finished."""
        runs = [run for run in plan() if (run.catalog, run.arm) == (catalog, arm)]
        return [run.seed for run in runs if finished(self.out, run)]

    def of(self, run: Run) -> dict[str, Any]:
        """What a finished run came to."""
        found: dict[str, Any] = json.loads((run_folder(self.out, run) / RESULT).read_text())
        return found

    def codes(self) -> set[str]:
        """Content ids of the states of the code that trained the finished runs."""
        return {self.of(run)["code"] for run in plan() if finished(self.out, run)}

    def devices(self) -> set[str]:
        """What the finished runs were trained on."""
        return {self.of(run)["device"] for run in plan() if finished(self.out, run)}

    def macro(self, catalog: str, arm: str) -> Spread | None:
        """Macro R@10 over seeds."""
        return _spread([run["macro"] for run in self._runs(catalog, arm)])

    def lead(self, catalog: str, arm: str, other: str) -> float | None:
        """By how much ``arm`` is above ``other`` in macro R@10, over the seeds that both have."""
        shared = self._shared(catalog, arm, other)
        if not shared:
            return None
        means = [
            float(np.mean([self.of(Run(catalog, name, seed))["macro"] for seed in shared]))
            for name in (arm, other)
        ]
        return means[0] - means[1]

    def task(self, catalog: str, arm: str, task: str) -> Spread | None:
        """R@10 of a task over seeds."""
        runs = self._runs(catalog, arm)
        return _spread([run["tasks"][task] for run in runs if task in run["tasks"]])

    def query_type(self, catalog: str, arm: str, kind: str, ranker: str) -> Spread | None:
        """nDCG@10 of a query type over seeds."""
        found = [run["queries"].get(kind, {}) for run in self._runs(catalog, arm)]
        return _spread([rankers[ranker] for rankers in found if ranker in rankers])

    def p_value(self, catalog: str, arm: str, other: str) -> float | None:
        """Two-sided p of the difference in macro R@10, over the seeds that both have.

        A product's differences of all seeds and tasks change sign together, so that more seeds
        make the estimate steadier and not the sample larger.
        """
        paired: dict[str, tuple[list[str], list[float]]] = {}
        for seed in self._shared(catalog, arm, other):
            runs = [self.of(Run(catalog, name, seed)) for name in (arm, other)]
            if runs[0]["catalog_digest"] != runs[1]["catalog_digest"]:
                raise UsageError(
                    f"{arm} and {other} were asked about different states of {catalog} "
                    f"({runs[0]['catalog_digest']}, {runs[1]['catalog_digest']}); delete the "
                    "results of one and run it again. A demo catalog that another kind of "
                    "processor drew may differ in grey levels: carry the folder along."
                )
            one, two = (run["hits"] for run in runs)
            for task in one:
                units, values = paired.setdefault(task, ([], []))
                for product, (a, b) in enumerate(zip(one[task], two[task], strict=True)):
                    if NOT_ASKED not in (a, b):
                        units.append(str(product))
                        values.append(float(a) - float(b))
        if not paired:
            return None
        samples = {
            task: Sample(units, np.array(values)[:, None])
            for task, (units, values) in paired.items()
        }
        return p_values(samples, ComparisonConfig())[0]

    def _shared(self, catalog: str, arm: str, other: str) -> list[int]:
        return [seed for seed in self.seeds(catalog, arm) if seed in self.seeds(catalog, other)]

    def _runs(self, catalog: str, arm: str) -> list[dict[str, Any]]:
        return [self.of(Run(catalog, arm, seed)) for seed in self.seeds(catalog, arm)]


def _spread(values: list[float]) -> Spread | None:
    return Spread.of(values) if values else None
