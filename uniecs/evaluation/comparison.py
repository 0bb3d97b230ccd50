"""Which of the nine tasks differ between two reports on the same evaluation.

The test is a paired randomisation test: if the two models were as good, then for each product it
would be chance which model got which hit, so the signs of the differences are flipped at random
and the p-value is the share of flips that differ as much (Smucker, Allan and Carterette, CIKM
2007). A product's sign is one in all tasks, because its nine queries are not independent. Nine
p-values are corrected for being nine (Holm 1979).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from uniecs.errors import DataError
from uniecs.evaluation.bootstrap import Sample, Values, interval, macro_means, resample
from uniecs.evaluation.pairing import Judged, differences, mismatches
from uniecs.evaluation.part import Fraction, Interval, Part

METRIC = "R@10"
CHUNK = 2**22
"""Signs drawn at once; bounds memory at 32 MiB."""
ROUNDING = 1e-12
"""Sums in another order differ by less; a flip that equals the observed difference counts."""


class ComparisonConfig(Part):
    """How two reports are compared.

    Attributes:
        permutations: Random flips behind every p-value.
        samples: Bootstrap samples behind every interval.
        seed: Seed of both.
        alpha: A smaller p-value is a difference.
    """

    permutations: int = Field(default=10_000, ge=100)
    samples: int = Field(default=1000, ge=100)
    seed: int = 0
    alpha: float = Field(default=0.05, gt=0, lt=1)


class Difference(Part):
    """R@10 of two models on the same queries.

    Attributes:
        a: R@10 of the first.
        b: R@10 of the second.
        difference: ``b - a``.
        ci95: Paired bootstrap interval of the difference.
        p: Two-sided p-value.
        differs: Whether ``p`` (of a task: ``p_holm``) is below alpha.
    """

    a: Fraction
    b: Fraction
    difference: float
    ci95: Interval
    p: Fraction
    differs: bool


class TaskDifference(Difference):
    """A task, with ``p_holm``, its p-value corrected for all tasks, and its queries."""

    p_holm: Fraction
    queries: int


class Comparison(Part):
    """What ``uniecs compare`` answers.

    Attributes:
        a: Model version of the first report.
        b: Model version of the second.
        macro: Mean over the tasks.
        tasks: Each task that has queries.
        differing: Names of the tasks that differ after correction.
        test: The test in one word.
        correction: The correction in one word.
    """

    a: str
    b: str
    metric: Literal["R@10"] = "R@10"
    test: Literal["paired randomisation"] = "paired randomisation"
    correction: Literal["holm"] = "holm"
    macro: Difference
    tasks: dict[str, TaskDifference]
    differing: list[str]
    config: ComparisonConfig


def compare_reports(a: Path, b: Path, config: ComparisonConfig | None = None) -> Comparison:
    """Compare two report folders.

    Raises:
        DataError: When one cannot be read, or the two are of different catalogs, splits, pools or
            queries.
    """
    config = config or ComparisonConfig()
    one, other = Judged.read(a), Judged.read(b)
    if wrong := mismatches(one, other, names=(f"in {a}", f"in {b}")):
        raise DataError(
            f"The reports cannot be compared: {'; '.join(wrong)}; evaluate both models on the "
            "same catalog, split and pool."
        )
    paired = differences(other, one, METRIC)
    if not paired:
        raise DataError(f"Neither {a} nor {b} has a query; evaluate on a larger split.")
    values = {name: sample.values[:, 0] for name, sample in paired.items()}
    macro_p, *task_p = p_values(paired, config)
    corrected = holm(task_p)
    means = resample(paired, samples=config.samples, seed=config.seed)
    tasks = {
        name: TaskDifference(
            a=one.report.tasks[name].recall_10,
            b=other.report.tasks[name].recall_10,
            difference=float(values[name].mean()),
            ci95=interval(means[name]),
            p=p,
            p_holm=p_holm,
            differs=p_holm < config.alpha,
            queries=len(values[name]),
        )
        for name, p, p_holm in zip(paired, task_p, corrected, strict=True)
    }
    return Comparison(
        a=one.report.model_version,
        b=other.report.model_version,
        macro=Difference(
            a=one.report.macro.recall_10,
            b=other.report.macro.recall_10,
            difference=float(np.mean([found.mean() for found in values.values()])),
            ci95=interval(macro_means(means)),
            p=macro_p,
            differs=macro_p < config.alpha,
        ),
        tasks=tasks,
        differing=[name for name, task in tasks.items() if task.differs],
        config=config,
    )


def p_values(paired: Mapping[str, Sample], config: ComparisonConfig) -> list[float]:
    """Two-sided p-values of the mean over the tasks, and of each task.

    Args:
        paired: Task -> differences per query.
        config: Number of flips and seed.
    """
    units = sorted({unit for sample in paired.values() for unit in sample.units})
    number = {unit: row for row, unit in enumerate(units)}
    shares = np.zeros((len(units), len(paired) + 1))
    for column, sample in enumerate(paired.values(), 1):
        rows = [number[unit] for unit in sample.units]
        np.add.at(shares[:, column], rows, sample.values[:, 0] / len(rows))
    shares[:, 0] = shares[:, 1:].mean(axis=1)
    observed = np.abs(shares.sum(axis=0))
    extreme = np.zeros(shares.shape[1])
    rng = np.random.default_rng(config.seed)
    step = max(1, CHUNK // len(units))
    for start in range(0, config.permutations, step):
        size = (min(step, config.permutations - start), len(units))
        signs: Values = rng.integers(0, 2, size=size).astype(np.float64) * 2 - 1
        extreme += (np.abs(signs @ shares) >= observed - ROUNDING).sum(axis=0)
    return [float(p) for p in (extreme + 1) / (config.permutations + 1)]


def holm(p: Sequence[float]) -> list[float]:
    """P-values corrected for their number (Holm 1979): the smallest times N, the next times N - 1.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    corrected = [0.0] * len(p)
    highest = 0.0
    for rank, at in enumerate(sorted(range(len(p)), key=lambda at: p[at])):
        highest = max(highest, min(1.0, p[at] * (len(p) - rank)))
        corrected[at] = highest
    return corrected
