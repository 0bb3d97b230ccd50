"""The evaluation's part of a model card: made of ``report.json`` alone."""

from collections.abc import Iterator

from uniecs.catalog.presence import VIEWS, task_name
from uniecs.evaluation.part import Recall
from uniecs.evaluation.report import EvaluationReport


def evaluation_card(report: EvaluationReport) -> str:
    """Markdown; every figure in it stands in the report, rounded to a tenth of a per cent."""
    return "\n".join(
        [
            "## Evaluation",
            "",
            f"Split `{report.split}` of catalog `{report.catalog_digest}`, model "
            f"`{report.model_version}`. Figures in per cent; R@10 is the share of queries with a "
            "right answer among the first ten. Brackets: 95 % bootstrap intervals over products.",
            *_tasks(report),
            *_leakage(report),
            *_pool_sizes(report),
            *_mixed_pool(report),
            *_degradation(report),
            *_queries(report),
            "",
        ]
    )


def _tasks(report: EvaluationReport) -> Iterator[str]:
    low, high = report.macro.ci95.get("R@10", (report.macro.recall_10,) * 2)
    mean = f"{_percent(report.macro.recall_10)} [{_percent(low)}, {_percent(high)}]"
    yield from ("", f"Mean of the nine tasks: **{mean}**. I is a picture, T a text, IT both.", "")
    yield from _header("queries", *(f"candidates {view.label}" for view in VIEWS))
    for query in VIEWS:
        tasks = [report.tasks[task_name(query, candidate)] for candidate in VIEWS]
        cells = [
            f"{_percent(task.recall_10)} ({task.queries:,} of {task.pool:,})"
            if task.queries
            else "no queries"
            for task in tasks
        ]
        yield _row(query.label, *cells)
    yield from ("", "In parentheses: queries, and candidates in the pool.")


def _leakage(report: EvaluationReport) -> Iterator[str]:
    if shared := report.leakage:
        yield from (
            "",
            f"Of {shared.listings:,} listings of the split, {shared.titles:,} have the title of a "
            f"train listing and {shared.pictures:,} its picture.",
        )


def _pool_sizes(report: EvaluationReport) -> Iterator[str]:
    if not report.pool_sizes:
        return
    yield from ("", "### As the pool grows", "")
    yield from _header("candidates", "mean of the nine tasks", "T->I")
    for size in report.pool_sizes:
        text_to_image = size.tasks.get("T->I")
        shown = _recall(text_to_image) if text_to_image else "no queries"
        yield _row(f"{size.reached:,}", _recall(size.macro), shown)


def _mixed_pool(report: EvaluationReport) -> Iterator[str]:
    if not report.mixed_pool:
        return
    yield from ("", "### Pictures, texts and both in one pool", "")
    kinds = [f"slots taken by {view.label}" for view in VIEWS]
    yield from _header("queries", "R@10", *kinds, "largest bias, points")
    for name, found in report.mixed_pool.queries.items():
        slots = [_percent(found.slots[view.label]) for view in VIEWS]
        yield _row(name, _recall(found), *slots, _percent(found.largest_bias))
    pool = [_percent(report.mixed_pool.pool[view.label]) for view in VIEWS]
    yield _row("share of the pool", "", *pool, "")


def _degradation(report: EvaluationReport) -> Iterator[str]:
    if not report.degradation:
        return
    curves = report.degradation.curves
    shares = [point.removed for point in next(iter(curves.values()))]
    yield from ("", "### When something is missing", "")
    yield from _header("mean of the nine tasks", *(f"{_percent(share)} %" for share in shares))
    for name, points in curves.items():
        yield _row(name.replace("_", " "), *(_percent(point.macro.recall_10) for point in points))


def _queries(report: EvaluationReport) -> Iterator[str]:
    if not report.queries:
        return
    yield from ("", "### Judged queries, in the whole catalog", "")
    yield from _header("type", "ranker", "nDCG@10", "hit@1", "queries")
    for kind, by_ranker in report.queries.items():
        for name, found in by_ranker.items():
            scores = (_percent(found.ndcg_10), _percent(found.hit_1), f"{found.queries:,}")
            yield _row(kind, name, *scores)


def _header(*names: str) -> list[str]:
    return [_row(*names), "|---" * len(names) + "|"]


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _recall(found: Recall) -> str:
    low, high = found.ci95["R@10"]
    return f"{_percent(found.recall_10)} [{_percent(low)}, {_percent(high)}]"


def _percent(value: float) -> str:
    return f"{value * 100:.1f}"
