"""R@10 as the split's pool grows with other listings of the catalog."""

import numpy as np

from uniecs.catalog.presence import TASKS, Presence, task_name
from uniecs.evaluation.bootstrap import Sample
from uniecs.evaluation.contest import Contest, Shown
from uniecs.evaluation.hits import HitTable
from uniecs.evaluation.material import Material
from uniecs.evaluation.part import Part, Recall, TaskRecall


class PoolSize(Part):
    """One size of the pool.

    Attributes:
        wanted: Candidates that were wanted; the first size is the split's own pool.
        reached: Candidates that there are: fewer where the catalog ends, more where the split
            alone has more.
        macro: Mean over the tasks.
        tasks: Each task, with the candidates that have its presence.
    """

    wanted: int
    reached: int
    macro: Recall
    tasks: dict[str, TaskRecall]


def grow_pool(material: Material) -> list[PoolSize]:
    """Ask the same queries of ever larger pools; each holds the one before."""
    own = len(material.split.sides)
    sides = [*material.split.sides, *material.others]
    contest = Contest(material.probes, sides, material.relations, material.views)
    wanted = [own, *sorted(material.config.pool_sizes)]
    reached = [min(max(size, own), len(sides)) for size in wanted]
    tasks = {task_name(*task): _whole(contest, task, own) for task in TASKS}
    hits = {
        name: np.column_stack([contest.hits(_first(whole, size)) for size in reached])
        for name, whole in tasks.items()
    }
    units = np.array([ask.answer for ask in material.probes])
    table = HitTable(
        {
            name: Sample(units[whole.asked].tolist(), hits[name][whole.asked])
            for name, whole in tasks.items()
        },
        material.config,
    )
    return [
        PoolSize(
            wanted=wanted[at],
            reached=size,
            macro=table.mean(column=at),
            tasks={
                name: TaskRecall(
                    **table.task(name, at).model_dump(),
                    queries=len(table.samples[name].units),
                    pool=int((tasks[name].candidates[:size] != Presence.NONE).sum()),
                )
                for name in table.samples
            },
        )
        for at, size in enumerate(reached)
    ]


def _whole(contest: Contest, task: tuple[Presence, Presence], own: int) -> Shown:
    """A task over all listings, asked by the queries that the split alone can answer."""
    whole = contest.task(task)
    return Shown(contest.answerable(_first(whole, own)).queries, whole.candidates)


def _first(whole: Shown, size: int) -> Shown:
    """The same with the first ``size`` candidates alone."""
    shown = np.arange(len(whole.candidates)) < size
    return Shown(whole.queries, np.where(shown, whole.candidates, Presence.NONE))
