"""What one modality alone finds, beside the tasks that have both.

A multimodal figure says nothing about fusion until it stands beside the better of its modalities
(Papadopoulos et al., VERITE, 2023).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from uniecs.catalog.presence import TASKS, Presence, task_name
from uniecs.evaluation.bootstrap import Sample, Values, interval, resample
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.part import Fraction, Interval, Part
from uniecs.evaluation.tasks import Ask, TaskOutcome


class Unimodal(Part):
    """A task with a side of both modalities, and the same with one of them alone.

    Attributes:
        image: R@10 with pictures alone wherever the task has both.
        text: Likewise with texts alone.
        both: R@10 of the task.
        gain: ``both`` less the better of the two.
        queries: Queries that all three were asked.
        ci95: Interval of ``gain``.
    """

    image: Fraction
    text: Fraction
    both: Fraction
    gain: float
    queries: int
    ci95: dict[str, Interval]


def unimodal_baselines(
    tasks: Mapping[str, TaskOutcome], config: EvaluationConfig
) -> dict[str, Unimodal]:
    """Every task that has a side of both modalities, beside its two halves on the same queries."""
    found = {}
    for task in TASKS:
        if Presence.BOTH in task:
            names = [task_name(*alone(task, view)) for view in (Presence.IMAGE, Presence.TEXT)]
            asks, values = shared_hits([tasks[name] for name in (*names, task_name(*task))])
            if asks:
                units = [ask.answer for ask in asks]
                found[task_name(*task)] = _beside(units, values, config)
    return found


def alone(task: tuple[Presence, Presence], view: Presence) -> tuple[Presence, Presence]:
    """The task with ``view`` wherever it has both modalities.

    Example:
        >>> task_name(*alone((Presence.BOTH, Presence.IMAGE), Presence.TEXT))
        'T->I'
    """
    query, candidate = (view if presence is Presence.BOTH else presence for presence in task)
    return query, candidate


def shared_hits(outcomes: Sequence[TaskOutcome]) -> tuple[list[Ask], Values]:
    """The Q queries that all tasks asked, and [Q, tasks] their hits among the first ten."""
    rows = [{ask.query_id: row for row, ask in enumerate(one.asks)} for one in outcomes]
    shared = [ask for ask in outcomes[0].asks if all(ask.query_id in known for known in rows)]
    hits = [
        one.values["R@10"][[known[ask.query_id] for ask in shared]]
        for one, known in zip(outcomes, rows, strict=True)
    ]
    return shared, np.column_stack(hits)


def _beside(units: list[str], values: Values, config: EvaluationConfig) -> Unimodal:
    image, text, both = values.mean(axis=0).tolist()
    means = resample({"": Sample(units, values)}, samples=config.samples, seed=config.seed)[""]
    gains = means[:, 2] - means[:, :2].max(axis=1)
    return Unimodal(
        image=image,
        text=text,
        both=both,
        gain=both - max(image, text),
        queries=len(units),
        ci95={"gain": interval(gains)},
    )
