"""Evaluate an encoder on a catalog: nine tasks, query types, sanity check, report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from uniecs.catalog.pairs import Pair, Side, evaluation_pairs, kind_shares
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import catalog_relations
from uniecs.catalog.schema import SPLITS
from uniecs.errors import CatalogError, UsageError
from uniecs.evaluation.baseline import Baseline
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.findings import Findings
from uniecs.evaluation.per_query import write_per_query
from uniecs.evaluation.queries import QueryOutcome, Ranker, judged_queries, run_queries
from uniecs.evaluation.report import PAGE, REPORT, EvaluationReport, write_digests
from uniecs.evaluation.summary import summarise
from uniecs.evaluation.tasks import (
    Ask,
    Pool,
    TaskOutcome,
    asks_of,
    mean_gates,
    pool_of,
    run_task,
    run_tasks,
)  # fmt: skip
from uniecs.evaluation.views import ItemEncoder, Progress, encode_views

PoolName = Literal["split", "catalog"]


def evaluate(
    encoder: ItemEncoder,
    catalog: Catalog,
    *,
    split: str = "test",
    pool: PoolName = "split",
    rankers: Mapping[str, Ranker] | None = None,
    report: Path,
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
        report: Folder to write ``report.json``, ``report.html``, ``per_query.parquet`` and
            ``digests.json`` to.
        config: Samples, seed, sizes.
        progress: Told how far each part is.

    Raises:
        UsageError: For an unknown split or pool.
        CatalogError: When the split has no pairs.
    """
    from uniecs.evaluation.page.page import write_page

    config = config or EvaluationConfig()
    pairs = _pairs(catalog, split, pool)
    report.mkdir(parents=True, exist_ok=True)
    tasks, sanity, gates = _tasks(encoder, catalog, pairs, pool, config, progress)
    findings = Findings(
        tasks=tasks,
        sanity=sanity,
        queries=_queries(catalog, rankers or {}, config, progress),
        pairs=kind_shares(pairs),
        gates=gates,
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


def _tasks(
    encoder: ItemEncoder,
    catalog: Catalog,
    pairs: Sequence[Pair],
    pool: str,
    config: EvaluationConfig,
    progress: Progress | None,
) -> tuple[dict[str, TaskOutcome], TaskOutcome, dict[str, dict[str, float]]]:
    asks, candidates = asks_of(pairs), pool_of(pairs, catalog, pool)
    whole = [
        Ask(side.product_id, Side(side.product_id, text), side.product_id)
        for side in pool_of(pairs, catalog, "split").sides
        if (text := catalog.by_id[side.product_id].full_text)
    ]
    split_pool = pool_of(pairs, catalog, "split")
    views = encode_views(
        encoder,
        catalog.folder,
        [
            ([ask.side for ask in asks], VIEWS),
            (candidates.sides, VIEWS),
            ([ask.side for ask in whole], [Presence.TEXT]),
        ],
        config,
        progress,
    )
    relations = catalog_relations(catalog)
    tasks = run_tasks(asks, candidates, relations, views, config)
    sanity = run_task(
        (Presence.TEXT, Presence.IMAGE), whole, Pool(split_pool.sides), relations, views, config
    )
    return tasks, sanity, mean_gates(asks, candidates, views)


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
