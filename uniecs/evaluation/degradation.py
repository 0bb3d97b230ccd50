"""How much is left when pictures or texts go missing, on the side of the queries or the candidates.

Which ones go missing is drawn once: what is missing at 10 % is missing at 30 % too. A candidate
that loses its only modality cannot be found any more; a query that loses its only modality is a
miss. The queries that count stay the same from 0 to 100 %.
"""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from uniecs.catalog.presence import TASKS, Presence, task_name
from uniecs.evaluation.bootstrap import Sample, Values
from uniecs.evaluation.contest import Presences, Shown
from uniecs.evaluation.hits import HitTable
from uniecs.evaluation.material import Material
from uniecs.evaluation.part import Fraction, Part, Recall

SHARES: tuple[float, ...] = (0.0, 0.1, 0.3, 0.5, 1.0)
"""Shares that go missing."""

Half = Literal["queries", "candidates"]
HALVES: tuple[Half, ...] = ("queries", "candidates")
LOST: Mapping[str, Presence] = {"images": Presence.IMAGE, "texts": Presence.TEXT}


class DegradationPoint(Part):
    """R@10 when a share of one modality is missing on one side.

    Attributes:
        removed: Share that is missing, of what each task has.
        macro: Mean over the nine tasks; tasks of the missing modality alone end at 0.
        fallback: Mean over the three tasks in which the other modality is left.
        tasks: Each task.
    """

    removed: Fraction
    macro: Recall
    fallback: Recall
    tasks: dict[str, Recall]


class Degradation(Part):
    """What missing pictures and texts cost.

    Attributes:
        queries: Task -> queries behind each point.
        curves: Such as ``candidates_without_images`` -> its points from 0 to 100 %.
    """

    queries: dict[str, int]
    curves: dict[str, list[DegradationPoint]]


def degrade(material: Material) -> Degradation:
    """Remove pictures and texts at random and rank again; no vector is computed anew."""
    contest = material.contest
    whole = {task_name(*task): contest.task(task) for task in TASKS}
    known = {name: contest.hits(shown) for name, shown in whole.items()}
    curves = {}
    for half in HALVES:
        for what, modality in LOST.items():
            order = _order(material, half, modality)
            left = {
                name: [without(shown, half, modality, order, share) for share in SHARES]
                for name, shown in whole.items()
            }
            hits = {
                name: [known[name] if s is whole[name] else contest.hits(s) for s in points]
                for name, points in left.items()
            }
            curves[f"{half}_without_{what}"] = _curve(material, whole, hits, half)
    return Degradation(
        queries={name: int(shown.asked.sum()) for name, shown in whole.items()}, curves=curves
    )


def _order(material: Material, half: Half, modality: Presence) -> Presences:
    """The order in which all queries, or all candidates, lose a modality."""
    sides = material.probes if half == "queries" else material.pool.sides
    rng = np.random.default_rng([material.config.seed, HALVES.index(half), int(modality)])
    return rng.permutation(len(sides))


def without(shown: Shown, half: Half, modality: Presence, order: Presences, share: float) -> Shown:
    """What is shown when the first ``share`` of the holders of a modality have lost it."""
    presences = shown.queries if half == "queries" else shown.candidates
    holders = order[(presences[order] & modality) != 0]
    gone = holders[: round(share * len(holders))]
    if not len(gone):
        return shown
    left = presences.copy()
    left[gone] &= ~int(modality)
    return Shown(left, shown.candidates) if half == "queries" else Shown(shown.queries, left)


def _curve(
    material: Material,
    whole: Mapping[str, Shown],
    hits: Mapping[str, list[Values]],
    half: Half,
) -> list[DegradationPoint]:
    units = np.array([ask.answer for ask in material.probes])
    table = HitTable(
        {
            name: Sample(units[shown.asked].tolist(), np.column_stack(hits[name])[shown.asked])
            for name, shown in whole.items()
        },
        material.config,
    )
    both = [task_name(*task) for task in TASKS if task[HALVES.index(half)] is Presence.BOTH]
    return [
        DegradationPoint(
            removed=share,
            macro=table.mean(column=at),
            fallback=table.mean(both, at),
            tasks={name: table.task(name, at) for name in table.samples},
        )
        for at, share in enumerate(SHARES)
    ]
