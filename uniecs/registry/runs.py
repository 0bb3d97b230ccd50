"""Runs that are logged, not registered: what a training run was told and how it went."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from uniecs.settings import Settings

TRAINING_EXPERIMENT = "uniecs-training"

_ILLEGAL = re.compile(r"[^\w\-. :/]")


def log_run(
    settings: Settings,
    *,
    name: str,
    config: Mapping[str, Any],
    metrics: Iterable[tuple[int, Mapping[str, float]]],
    model_version: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> str:
    """Write one finished run to MLflow, under the experiment ``uniecs-training``.

    Args:
        settings: Names the MLflow store.
        name: What a person calls the run.
        config: Resolved configuration; nested keys are joined with dots.
        metrics: Step -> values by name; ``R@10`` is logged as ``recall_at_10``.
        model_version: Content id of the model that came out, if any.
        tags: Anything else worth finding the run by.

    Returns:
        MLflow's id of the run.

    Raises:
        ServiceUnavailable: When the MLflow server does not answer.
    """
    from uniecs.registry.mlflow_store import MlflowStore

    known = {} if model_version is None else {"model_version": model_version}
    return MlflowStore(settings).log_run(
        TRAINING_EXPERIMENT,
        name,
        params=dict(_flat(config)),
        metrics=((step, legal_metrics(values)) for step, values in metrics),
        tags={**(tags or {}), **known},
    )


def legal_metrics(values: Mapping[str, float]) -> dict[str, float]:
    """Metrics under names that MLflow accepts.

    Example:
        >>> legal_metrics({"R@10": 0.5, "T->I/nDCG@10": 0.25})
        {'recall_at_10': 0.5, 'T_to_I/ndcg_at_10': 0.25}
    """
    return {_legal(name): value for name, value in values.items()}


def _legal(name: str) -> str:
    *where, metric = name.split("/")
    if "@" in metric:
        kind, cutoff = metric.split("@", 1)
        metric = f"{'recall' if kind == 'R' else kind.lower()}_at_{cutoff}"
    return _ILLEGAL.sub("_", "/".join([*where, metric]).replace("->", "_to_"))


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            yield f"{prefix}{name}", text
