"""From values per query to the report: means and 95 % intervals."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from uniecs.evaluation.bootstrap import Sample, interval, macro_means, resample
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.findings import WHOLE_TEXT, Findings
from uniecs.evaluation.metrics import METRICS, Values
from uniecs.evaluation.part import Interval
from uniecs.evaluation.per_query import samples_of
from uniecs.evaluation.queries import QUERY_METRICS, QueryOutcome
from uniecs.evaluation.report import (
    EvaluationReport,
    QueryScores,
    RankerScores,
    SanityScores,
    Scores,
    TaskScores,
    Weights,
)  # fmt: skip


def summarise(findings: Findings, config: EvaluationConfig, **identity: Any) -> EvaluationReport:
    """Means and intervals of everything that was found.

    Args:
        findings: Values per query.
        config: Samples and seed.
        identity: ``model_version``, ``catalog_digest``, ``split`` and ``pool``.
    """
    means = resample(samples_of(findings.tasks), samples=config.samples, seed=config.seed)
    return EvaluationReport(
        tasks={
            name: TaskScores.model_validate(
                {
                    **{metric: _mean(outcome.values[metric]) for metric in METRICS},
                    "queries": len(outcome.asks),
                    "pool": len(outcome.sides),
                    "chance": outcome.chance,
                    "unusable": outcome.unusable,
                    "ci95": _intervals(means[name], METRICS),
                }
            )
            for name, outcome in findings.tasks.items()
        },
        macro=_macro(findings, means),
        queries={
            kind: {name: _ranker(outcome, config) for name, outcome in by_ranker.items()}
            for kind, by_ranker in findings.queries.items()
        },
        pairs=findings.pairs,
        sanity={WHOLE_TEXT: _sanity(findings, config)},
        gates={name: Weights(**weights) for name, weights in findings.gates.items()},
        bootstrap={"samples": config.samples, "seed": config.seed},
        **findings.beyond,
        **identity,
    )


def _macro(findings: Findings, means: Mapping[str, Values]) -> Scores:
    asked = {name: outcome for name, outcome in findings.tasks.items() if outcome.asks}
    values = {
        metric: _mean([_mean(outcome.values[metric]) for outcome in asked.values()])
        for metric in METRICS
    }
    resampled = macro_means({name: means[name] for name in asked})
    return Scores.model_validate({**values, "ci95": _intervals(resampled, METRICS)})


def _sanity(findings: Findings, config: EvaluationConfig) -> SanityScores:
    outcome = findings.sanity
    sample = Sample(outcome.units, outcome.values["R@10"][:, None])
    means = resample({WHOLE_TEXT: sample}, samples=config.samples, seed=config.seed)
    return SanityScores.model_validate(
        {
            "R@10": _mean(outcome.values["R@10"]),
            "queries": len(outcome.asks),
            "pool": len(outcome.sides),
            "ci95": _intervals(means[WHOLE_TEXT], ["R@10"]),
        }
    )


def _ranker(outcome: QueryOutcome, config: EvaluationConfig) -> RankerScores:
    everything = np.ones(len(outcome.queries), dtype=bool)
    test = np.array(outcome.in_test, dtype=bool)
    return RankerScores.model_validate(
        {
            **_query_scores(outcome, everything, config),
            "test_only": _query_scores(outcome, test, config) if test.any() else None,
        }
    )


def _query_scores(
    outcome: QueryOutcome, chosen: np.ndarray, config: EvaluationConfig
) -> dict[str, Any]:
    units = [query.query_id for query, kept in zip(outcome.queries, chosen, strict=True) if kept]
    values = np.column_stack([outcome.values[metric][chosen] for metric in QUERY_METRICS])
    means = resample({"": Sample(units, values)}, samples=config.samples, seed=config.seed)[""]
    scores = QueryScores.model_validate(
        {
            **{metric: _mean(values[:, at]) for at, metric in enumerate(QUERY_METRICS)},
            "queries": len(units),
            "ci95": _intervals(means, QUERY_METRICS),
        }
    )
    return scores.model_dump(by_alias=True)


def _intervals(means: Values, names: Any) -> dict[str, Interval]:
    return {name: interval(means[:, at]) for at, name in enumerate(names)}


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else 0.0
