"""Evaluate an encoder on a catalog: nine tasks, what lies beyond them, query types, report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from uniecs.catalog.pairs import Pair, evaluation_pairs, kind_shares
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import SPLITS
from uniecs.errors import CatalogError, UsageError
from uniecs.evaluation.baseline import Baseline
from uniecs.evaluation.beyond import beyond_the_tasks
from uniecs.evaluation.card import evaluation_card
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.findings import Findings
from uniecs.evaluation.material import prepare
from uniecs.evaluation.per_query import write_per_query
from uniecs.evaluation.queries import QueryOutcome, Ranker, judged_queries, run_queries
from uniecs.evaluation.report import CARD, PAGE, REPORT, EvaluationReport, write_digests
from uniecs.evaluation.summary import summarise
from uniecs.evaluation.tasks import mean_gates, run_task, run_tasks
from uniecs.evaluation.views import ItemEncoder, Progress

PoolName = Literal["split", "catalog"]

SANITY = (Presence.TEXT, Presence.IMAGE)
"""The task that whole texts are asked in."""


def evaluate(
    encoder: ItemEncoder,
    catalog: Catalog,
    *,
    split: str = "test",
    pool: PoolName = "split",
    rankers: Mapping[str, Ranker] | None = None,
    report: Path,
    history: Path | None = None,
    config: EvaluationConfig | None = None,
    progress: Progress | None = None,
) -> EvaluationReport:
    """Evaluate and write a report folder.

    Args:
        encoder: The model under test.
        catalog: A catalog whose rows are valid.
        split: Split whose pairs are the queries and candidates of the tasks.
        pool: ``split``, or ``catalog`` to add all other listings as distractors.
        rankers: Name -> ranker for the judged queries, beside ``baseline`` which is always run.
        report: Folder to write ``report.json``, ``report.html``, ``card.md``,
            ``per_query.parquet`` and ``digests.json`` to.
        history: ``history.jsonl`` of the run that trained the model, for the weights of its losses.
        config: Samples, seed, sizes.
        progress: Told how far each part is.

    Raises:
        UsageError: For an unknown split or pool.
        CatalogError: When the split has no pairs.
        DataError: When the history cannot be read.
    """
    from uniecs.evaluation.page.page import write_page

    config = config or EvaluationConfig()
    pairs = _pairs(catalog, split, pool)
    report.mkdir(parents=True, exist_ok=True)
    material = prepare(encoder, catalog, pairs, pool, config, progress)
    relations, views = material.relations, material.views
    tasks = run_tasks(material.asks, material.pool, relations, views, config)
    queries = _queries(catalog, rankers or {}, config, progress)
    findings = Findings(
        tasks=tasks,
        sanity=run_task(SANITY, material.whole, material.split, relations, views, config),
        queries=queries,
        pairs=kind_shares(pairs),
        gates=mean_gates(material.asks, material.pool, views),
        beyond=beyond_the_tasks(material, tasks, queries, catalog, split, history, progress),
    )
    result = summarise(
        findings,
        config,
        model_version=encoder.model_version,
        catalog_digest=catalog.digest,
        split=split,
        pool=pool,
    )
    (report / REPORT).write_text(result.to_json(), encoding="utf-8")
    (report / CARD).write_text(evaluation_card(result), encoding="utf-8")
    write_per_query(report, findings.tasks)
    write_page(report / PAGE, result, findings, catalog, config)
    write_digests(report)
    return result


def _pairs(catalog: Catalog, split: str, pool: str) -> list[Pair]:
    if split not in SPLITS:
        raise UsageError(f"split is {split!r}; use one of {', '.join(SPLITS)}.")
    if pool not in ("split", "catalog"):
        raise UsageError(f"pool is {pool!r}; use split or catalog.")
    pairs = evaluation_pairs(catalog, split)
    if not pairs:
        raise CatalogError(
            f"{catalog.file}: no product of split {split} has two sides to compare; "
            "evaluate another split, or add products."
        )
    return pairs


def _queries(
    catalog: Catalog,
    rankers: Mapping[str, Ranker],
    config: EvaluationConfig,
    progress: Progress | None,
) -> dict[str, dict[str, QueryOutcome]]:
    by_type = judged_queries(catalog)
    if not by_type:
        return {}
    baseline = Baseline(catalog, progress)
    found: dict[str, dict[str, QueryOutcome]] = {}
    for number, (kind, queries) in enumerate(by_type.items()):
        named: dict[str, Ranker] = dict(rankers)
        if baseline.answers(queries):
            named["baseline"] = baseline
        found[kind] = {
            name: run_queries(queries, ranker, catalog, depth=config.query_depth)
            for name, ranker in named.items()
        }
        if progress:
            progress("judged queries", number + 1, len(by_type))
    return found
