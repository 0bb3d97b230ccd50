"""Hits of several tasks under several conditions: R@10 and its intervals, resampled together."""

from collections.abc import Iterable, Mapping

import numpy as np

from uniecs.evaluation.bootstrap import Sample, interval, macro_means, resample
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.part import Recall


class HitTable:
    """Hits per query, one column per condition; the units drawn are the same everywhere.

    Args:
        samples: Task -> what each query is about, and [Q, M] hits.
        config: Samples and seed of the bootstrap.
    """

    def __init__(self, samples: Mapping[str, Sample], config: EvaluationConfig) -> None:
        self.samples = {name: sample for name, sample in samples.items() if sample.units}
        self._means = resample(self.samples, samples=config.samples, seed=config.seed)

    def task(self, name: str, column: int = 0) -> Recall:
        """R@10 of one task under one condition."""
        return self.mean([name], column)

    def mean(self, names: Iterable[str] | None = None, column: int = 0) -> Recall:
        """Mean R@10 over tasks, all of them by default; those without queries are left out."""
        chosen = [n for n in (self.samples if names is None else names) if n in self.samples]
        if not chosen:
            return Recall.model_validate({"R@10": 0.0, "ci95": {"R@10": (0.0, 0.0)}})
        value = np.mean([self.samples[name].values[:, column].mean() for name in chosen])
        between = interval(macro_means({name: self._means[name][:, column] for name in chosen}))
        return Recall.model_validate({"R@10": float(value), "ci95": {"R@10": between}})
