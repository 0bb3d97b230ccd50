"""Whether the gate leans on the modality that finds the answer."""

from collections.abc import Mapping

import numpy as np

from uniecs.catalog.presence import Presence
from uniecs.evaluation.bootstrap import Sample, Values, interval, resample
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.part import Fraction, Interval, Part
from uniecs.evaluation.tasks import TaskOutcome
from uniecs.evaluation.unimodal import shared_hits
from uniecs.evaluation.views import Views

BINS = 5
"""Bins of equal numbers of queries, by the weight of the picture."""


class GateBin(Part):
    """Queries with both modalities whose picture has a weight from ``low`` to ``high``.

    Attributes:
        gate: Mean weight of the picture.
        image_finds: Share whose picture alone finds a right answer (``I->IT``, first ten).
        text_finds: Share whose text alone does (``T->IT``).
        queries: Queries in the bin.
        ci95: Intervals of both shares.
    """

    low: Fraction
    high: Fraction
    gate: Fraction
    image_finds: Fraction
    text_finds: Fraction
    queries: int
    ci95: dict[str, Interval]


class GateCalibration(Part):
    """Gate weights against what each modality finds alone.

    Attributes:
        queries: Queries with both modalities.
        bins: From little to much weight on the picture.
        one_finds: Queries of which exactly one modality finds a right answer.
        agrees: Share of them whose gate leans to that modality; absent where there are none.
        ci95: Interval of ``agrees``.
    """

    queries: int
    bins: list[GateBin]
    one_finds: int
    agrees: Fraction | None = None
    ci95: dict[str, Interval]


def calibrate_gates(
    tasks: Mapping[str, TaskOutcome], views: Views, config: EvaluationConfig
) -> GateCalibration | None:
    """Compare the gates of queries that have both modalities with what each finds alone.

    Returns:
        None when no query has both modalities and a right answer with both.
    """
    asks, hits = shared_hits([tasks[name] for name in ("I->IT", "T->IT", "IT->IT")])
    if not asks:
        return None
    gates = views.of([ask.side for ask in asks], Presence.BOTH).gates[:, 0].astype(np.float64)
    units = [ask.answer for ask in asks]
    one = hits[:, 0] != hits[:, 1]
    agrees = ((gates > 0.5) == (hits[:, 0] > 0))[one].astype(np.float64)
    lean = Sample(
        [unit for unit, chosen in zip(units, one, strict=True) if chosen], agrees[:, None]
    )
    return GateCalibration(
        queries=len(asks),
        bins=[
            _bin(gates[rows], [units[row] for row in rows], hits[rows, :2], config)
            for rows in np.array_split(np.argsort(gates, kind="stable"), min(BINS, len(asks)))
        ],
        one_finds=len(agrees),
        agrees=float(agrees.mean()) if len(agrees) else None,
        ci95={"agrees": interval(_means(lean, config)[:, 0])},
    )


def _bin(gates: Values, units: list[str], hits: Values, config: EvaluationConfig) -> GateBin:
    means = _means(Sample(units, hits), config)
    names = ("image_finds", "text_finds")
    return GateBin(
        low=float(gates.min()),
        high=float(gates.max()),
        gate=float(gates.mean()),
        image_finds=float(hits[:, 0].mean()),
        text_finds=float(hits[:, 1].mean()),
        queries=len(units),
        ci95={name: interval(means[:, at]) for at, name in enumerate(names)},
    )


def _means(sample: Sample, config: EvaluationConfig) -> Values:
    return resample({"": sample}, samples=config.samples, seed=config.seed)[""]
