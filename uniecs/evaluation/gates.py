"""The offline gate: may this model replace the one in production, judged by two reports?

The intervals are of paired differences (new - production) over the same queries; the units that
are resampled are products, the same in every task (see ``bootstrap``).
"""

from pathlib import Path

import numpy as np

from uniecs.evaluation.bootstrap import interval, macro_means, resample
from uniecs.evaluation.gate_report import GateCheck, GateConfig, GateReport
from uniecs.evaluation.pairing import Judged, differences, mismatches
from uniecs.evaluation.per_query import read_per_query
from uniecs.evaluation.report import EvaluationReport, altered_files, read_report, report_digest

__all__ = ["GateCheck", "GateConfig", "GateReport", "offline_gate"]


def offline_gate(
    candidate_report: Path,
    production_report: Path | None,
    *,
    candidate_digest: str | None = None,
    production_digest: str | None = None,
    config: GateConfig | None = None,
) -> GateReport:
    """Judge a candidate by its report, against production's report on the same evaluation.

    Args:
        candidate_report: Report folder of the new model.
        production_report: Report folder of the production model; None when there is none.
        candidate_digest: ``report.json``'s sha256 as the registry recorded it, if it did.
        production_digest: Likewise for production.
        config: Thresholds.

    Raises:
        DataError: When a report is missing or unreadable.
    """
    config = config or GateConfig()
    new = read_report(candidate_report)
    checks = [_intact("candidate", candidate_report, candidate_digest)]
    old = None
    if production_report is not None:
        old = read_report(production_report)
        checks.append(_intact("production", production_report, production_digest))
    if all(check.status == "passed" for check in checks):
        if production_report is None or old is None:
            checks += _against_chance(new, config)
        else:
            checks += _against_production(
                Judged(new, read_per_query(candidate_report)),
                Judged(old, read_per_query(production_report)),
                config,
            )
    return GateReport(
        passed=_passes(checks),
        model_version=new.model_version,
        production_version=old.model_version if old else None,
        reasons=_reasons(checks, config),
        checks=checks,
        candidate_digest=report_digest(candidate_report),
        production_digest=report_digest(production_report) if production_report else None,
        config=config,
    )


def _passes(checks: list[GateCheck]) -> bool:
    decided = any(check.name in ("macro", "above chance") for check in checks)
    return decided and all(check.status != "failed" for check in checks)


def _reasons(checks: list[GateCheck], config: GateConfig) -> list[str]:
    failed = [check.reason for check in checks if check.status == "failed"]
    if failed:
        return failed
    decisive = [check.reason for check in checks if check.name in ("macro", "above chance")]
    thin = [check.name for check in checks if check.status == "insufficient_data"]
    if thin:
        decisive.append(
            f"insufficient_data: {', '.join(thin)} (fewer than {config.min_queries} queries)."
        )
    return decisive


def _intact(whose: str, folder: Path, recorded: str | None) -> GateCheck:
    wrong = altered_files(folder)
    if not wrong and recorded is not None and recorded != report_digest(folder):
        wrong = {"report.json": f"its digest is not {recorded[:12]}, which the registry recorded"}
    details = "; ".join(f"{name} {what}" for name, what in wrong.items())
    return GateCheck(
        name=f"{whose} report intact",
        status="failed" if wrong else "passed",
        reason=f"The {whose} report cannot be trusted: {details}; evaluate the model again."
        if wrong
        else f"The {whose} report is what its digests say.",
    )


def _against_chance(new: EvaluationReport, config: GateConfig) -> list[GateCheck]:
    checks, judged = [], []
    for name, task in new.tasks.items():
        if task.queries < config.min_queries:
            checks.append(_thin(name, task.queries, config))
        else:
            judged.append(task)
    if not judged:
        return [*checks, _unjudgeable(config)]
    value = sum(task.recall_10 for task in judged) / len(judged)
    threshold = config.chance_factor * sum(task.chance for task in judged) / len(judged)
    threshold = min(threshold, 1.0)
    passed = value >= threshold
    checks.append(
        GateCheck(
            name="above chance",
            status="passed" if passed else "failed",
            value=value,
            threshold=threshold,
            n=sum(task.queries for task in judged),
            reason=f"No production version to compare with; macro {config.metric} {value:.3f} is "
            f"{'at least' if passed else 'below'} {threshold:.3f}, {config.chance_factor:g} times "
            "that of a random ranking.",
        )
    )
    return checks


def _against_production(new: Judged, old: Judged, config: GateConfig) -> list[GateCheck]:
    same = _same_evaluation(new, old)
    if same.status == "failed":
        return [same]
    paired = differences(new, old, config.metric)
    judged = {n: s for n, s in paired.items() if len(s.units) >= config.min_queries}
    thin = [
        _thin(name, len(paired[name].units) if name in paired else 0, config)
        for name in new.report.tasks
        if name not in judged
    ]
    if not judged:
        return [same, *thin, _unjudgeable(config)]
    means = resample(judged, samples=config.samples, seed=config.seed)
    tasks = [
        _difference(name, float(sample.values.mean()), interval(means[name]), -config.tolerance)
        | {"n": len(sample.units)}
        for name, sample in judged.items()
    ]
    macro = float(np.mean([sample.values.mean() for sample in judged.values()]))
    whole = _difference("macro", macro, interval(macro_means(means)), 0.0)
    whole |= {"n": sum(len(sample.units) for sample in judged.values())}
    return [same, *thin, *(GateCheck.model_validate(check) for check in [*tasks, whole])]


def _same_evaluation(new: Judged, old: Judged) -> GateCheck:
    differing = mismatches(new, old, names=("here", "in production's"))
    return GateCheck(
        name="same evaluation",
        status="failed" if differing else "passed",
        reason="The reports cannot be compared: "
        + "; ".join(differing)
        + "; evaluate the production model on the same catalog, split and pool."
        if differing
        else "Both reports come from the same catalog, split, pool and queries.",
    )


def _difference(
    name: str, value: float, between: tuple[float, float], threshold: float
) -> dict[str, object]:
    failed = between[1] < threshold
    points = f"{value * 100:+.1f} points, 95 % interval {between[0] * 100:+.1f} to"
    return {
        "name": name,
        "status": "failed" if failed else "passed",
        "value": value,
        "interval": between,
        "threshold": threshold,
        "reason": f"{name} R@10 against production: {points} {between[1] * 100:+.1f}"
        + (f", wholly below {threshold * 100:+.1f}." if failed else "."),
    }


def _thin(name: str, queries: int, config: GateConfig) -> GateCheck:
    return GateCheck(
        name=name,
        status="insufficient_data",
        n=queries,
        threshold=config.min_queries,
        reason=f"{name} has {queries} queries, fewer than {config.min_queries}.",
    )


def _unjudgeable(config: GateConfig) -> GateCheck:
    return GateCheck(
        name="judgeable tasks",
        status="failed",
        value=0,
        threshold=1,
        reason=f"No task has {config.min_queries} queries or more, so nothing can be judged; "
        "evaluate on a larger split.",
    )
