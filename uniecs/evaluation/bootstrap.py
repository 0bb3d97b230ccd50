"""95 % bootstrap intervals of means over queries, of one report or of the difference of two.

Resampled are *units* (the products that queries are about), the same ones in every task, because
the nine queries of one product are not independent (Efron & Tibshirani 1993, chapter 8).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Interval = tuple[float, float]

CHUNK = 2**22
"""Weights drawn at once; bounds memory at 32 MiB."""


@dataclass(frozen=True)
class Sample:
    """Values of one task: one row per query, one column per metric.

    Attributes:
        units: [Q] what each query is about.
        values: [Q, M].
    """

    units: Sequence[str]
    values: Values


def interval(means: Values) -> Interval:
    """The middle 95 % of resampled means."""
    if not np.isfinite(means).any():
        return (0.0, 0.0)
    low, high = np.nanpercentile(means, [2.5, 97.5])
    return (float(low), float(high))


def resample(tasks: Mapping[str, Sample], *, samples: int, seed: int) -> dict[str, Values]:
    """Means of every task under resampling of the units.

    Args:
        tasks: Task -> values; tasks may be about different units.
        samples: Number B of resamplings.
        seed: The same seed and units give the same samples.

    Returns:
        Task -> [B, M] means; NaN where a resampling holds none of the task's units.
    """
    names = sorted({unit for task in tasks.values() for unit in task.units})
    number = {unit: position for position, unit in enumerate(names)}
    sums = {task: _by_unit(sample, number) for task, sample in tasks.items()}
    rng = np.random.default_rng(seed)
    means: dict[str, list[Values]] = {task: [] for task in tasks}
    step = max(1, CHUNK // max(1, len(names)))
    for start in range(0, samples if names else 0, step):
        weights = rng.multinomial(
            len(names), np.full(len(names), 1 / len(names)), size=min(step, samples - start)
        ).astype(np.float64)
        for task, (totals, counts) in sums.items():
            with np.errstate(invalid="ignore"):
                means[task].append((weights @ totals) / (weights @ counts)[:, None])
    return {task: np.concatenate(parts or [_empty(tasks[task])]) for task, parts in means.items()}


def macro_means(means: Mapping[str, Values]) -> Values:
    """[B, M] mean over tasks of each resampling; tasks without a value are left out."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a resampling in which no task has a value
        return np.asarray(np.nanmean(np.stack(list(means.values())), axis=0))


def _by_unit(sample: Sample, number: Mapping[str, int]) -> tuple[Values, Values]:
    rows = np.array([number[unit] for unit in sample.units], dtype=np.int64)
    totals = np.zeros((len(number), sample.values.shape[1]))
    np.add.at(totals, rows, sample.values)
    return totals, np.bincount(rows, minlength=len(number)).astype(np.float64)


def _empty(sample: Sample) -> Values:
    return np.zeros((0, sample.values.shape[1]))
