"""R@10 by kind of product, and by what the words say.

A slice of the nine tasks holds the queries about some products; its R@10 is the mean over the
tasks that have any. Fewer than 20 products say nothing, and are listed without a figure.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from uniecs.catalog.reading import Catalog
from uniecs.evaluation.bootstrap import Sample
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.hits import HitTable
from uniecs.evaluation.part import Fraction, Interval, Part
from uniecs.evaluation.queries import QueryOutcome
from uniecs.evaluation.slicing import PriceBands, colour, has_negation, has_number, top_category
from uniecs.evaluation.tasks import Ask, TaskOutcome

ENOUGH = 20
"""Fewer products, or judged queries, make a slice insufficient."""

Labeller = Callable[[str, Ask], str | None]
"""Task name and query -> the slice that the query belongs to, if any."""


class Slice(Part):
    """One slice; R@10 and its interval are absent where ``n`` is too small.

    Attributes:
        n: Products that are asked about, or judged queries.
    """

    n: int
    status: Literal["measured", "insufficient_data"]
    recall_10: Fraction | None = Field(default=None, alias="R@10")
    ci95: dict[str, Interval] | None = None


class Slices(Part):
    """All slices.

    Attributes:
        tasks: ``category``, ``brand``, ``colour`` and ``price`` of the product that is asked about,
            ``query_negation``, ``query_number``, ``answer_negation`` and ``answer_number`` by the
            words that a task shows -> slice -> mean over the nine tasks.
        judged: Ranker -> ``negation`` and ``number`` -> slice of the judged queries with words.
    """

    tasks: dict[str, dict[str, Slice]]
    judged: dict[str, dict[str, dict[str, Slice]]]


def slice_report(
    tasks: Mapping[str, TaskOutcome],
    queries: Mapping[str, Mapping[str, QueryOutcome]],
    catalog: Catalog,
    config: EvaluationConfig,
) -> Slices:
    """Cut the values per query of the nine tasks and of the judged queries into slices."""
    asked = {ask.answer for outcome in tasks.values() for ask in outcome.asks}
    bands = PriceBands([catalog.by_id[name] for name in sorted(asked)])
    found = {
        name: _of_tasks(tasks, labeller, config)
        for name, labeller in _labellers(catalog, bands).items()
    }
    found["price"] = dict(sorted(found["price"].items()))
    return Slices(tasks=found, judged=_of_judged(queries, config))


def _labellers(catalog: Catalog, bands: PriceBands) -> dict[str, Labeller]:
    products = catalog.by_id
    found: dict[str, Labeller] = {
        "category": lambda _, ask: top_category(products[ask.answer]),
        "brand": lambda _, ask: products[ask.answer].brand,
        "colour": lambda _, ask: colour(products[ask.answer]),
        "price": lambda _, ask: bands.label(products[ask.answer]),
    }
    for name, says in (("negation", has_negation), ("number", has_number)):
        found[f"query_{name}"] = _query_words(says)
        found[f"answer_{name}"] = _answer_words(says, catalog)
    return found


def _query_words(says: Callable[[str], bool]) -> Labeller:
    def label(task: str, ask: Ask) -> str | None:
        return _with(says(ask.side.text)) if "T" in task.partition("->")[0] else None

    return label


def _answer_words(says: Callable[[str], bool], catalog: Catalog) -> Labeller:
    def label(task: str, ask: Ask) -> str | None:
        shown = "T" in task.partition("->")[2]
        return _with(says(catalog.by_id[ask.answer].full_text)) if shown else None

    return label


def _with(said: bool) -> str:
    return "with" if said else "without"


def _of_tasks(
    tasks: Mapping[str, TaskOutcome], labeller: Labeller, config: EvaluationConfig
) -> dict[str, Slice]:
    rows: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for name, outcome in tasks.items():
        for row, ask in enumerate(outcome.asks):
            if (label := labeller(name, ask)) is not None:
                rows[label][name].append(row)
    cut = {
        label: {
            name: Sample(
                [tasks[name].asks[row].answer for row in chosen],
                tasks[name].values["R@10"][chosen][:, None],
            )
            for name, chosen in by_task.items()
        }
        for label, by_task in rows.items()
    }
    return _largest_first({label: _slice(samples, config) for label, samples in cut.items()})


def _of_judged(
    queries: Mapping[str, Mapping[str, QueryOutcome]], config: EvaluationConfig
) -> dict[str, dict[str, dict[str, Slice]]]:
    outcomes: dict[str, list[QueryOutcome]] = defaultdict(list)
    for by_ranker in queries.values():
        for ranker, outcome in by_ranker.items():
            outcomes[ranker].append(outcome)
    return {
        ranker: {
            name: _of_queries(found, says, config)
            for name, says in (("negation", has_negation), ("number", has_number))
        }
        for ranker, found in outcomes.items()
    }


def _of_queries(
    outcomes: list[QueryOutcome], says: Callable[[str], bool], config: EvaluationConfig
) -> dict[str, Slice]:
    hits: dict[str, dict[str, float]] = defaultdict(dict)
    for outcome in outcomes:
        for query, hit in zip(outcome.queries, outcome.values["R@10"], strict=True):
            if query.text.strip():
                hits[_with(says(query.text))][query.query_id] = float(hit)
    found = {
        label: _slice({"": Sample(list(by_id), np.array([*by_id.values()])[:, None])}, config)
        for label, by_id in hits.items()
    }
    return _largest_first(found)


def _slice(samples: Mapping[str, Sample], config: EvaluationConfig) -> Slice:
    n = len({unit for sample in samples.values() for unit in sample.units})
    if n < ENOUGH:
        return Slice(n=n, status="insufficient_data")
    measured = HitTable(samples, config).mean()
    return Slice.model_validate({"n": n, "status": "measured", **measured.model_dump()})


def _largest_first(slices: Mapping[str, Slice]) -> dict[str, Slice]:
    return dict(sorted(slices.items(), key=lambda item: (-item[1].n, item[0])))
