"""What an evaluation found, before it is summarised into a report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uniecs.evaluation.queries import QueryOutcome
from uniecs.evaluation.tasks import TaskOutcome

WHOLE_TEXT = "T->I whole text"
"""The sanity check: a product's whole text as query, against the pictures of the split."""


@dataclass(frozen=True)
class Findings:
    """Everything that an evaluation found, before it is summarised.

    Attributes:
        tasks: Name -> outcome of each of the nine tasks.
        sanity: Outcome of ``WHOLE_TEXT``.
        queries: Query type -> ranker -> outcome.
        pairs: Kind of pair -> share.
        gates: Mean modality weights of queries and candidates.
        beyond: Parts of the report beyond the nine tasks, by their name in it.
    """

    tasks: dict[str, TaskOutcome]
    sanity: TaskOutcome
    queries: dict[str, dict[str, QueryOutcome]]
    pairs: dict[str, float]
    gates: dict[str, dict[str, float]]
    beyond: Mapping[str, Any]
