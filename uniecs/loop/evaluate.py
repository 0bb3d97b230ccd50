"""Judge the trained encoder: nine tasks, judged queries, alone and with words beside it."""

import json
from pathlib import Path
from typing import Any

from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings


class EvaluateSpec(LoopSpec):
    """Where split catalog, model and embeddings were published."""

    paired: Path
    trained: Path
    embedded: Path


@loop_step("evaluate")
def run(spec: EvaluateSpec, _: Settings) -> Step:
    """Evaluate on the test split; the output holds the ``report`` folder."""
    return Step(
        inputs={
            "paired": published_digest(spec.paired, "catalog"),
            "trained": published_digest(spec.trained, "model"),
            "embedded": published_digest(spec.embedded, "vectors"),
        },
        code=[
            "uniecs.catalog",
            "uniecs.encoder",
            "uniecs.inference",
            "uniecs.evaluation",
            "uniecs.search",
            "uniecs.index.filter_tree",
            "uniecs.index.lexical",
            "uniecs.index.look",
            "uniecs.index.shards",
        ],
        work=lambda folder: _work(spec, folder),
        headline=_headline,
        shows="report",
    )


def _work(spec: EvaluateSpec, folder: Path) -> dict[str, Any]:
    from uniecs.catalog.reading import Catalog
    from uniecs.evaluation.evaluate import evaluate
    from uniecs.inference.encoder import Encoder
    from uniecs.search.embedded import with_embeddings
    from uniecs.search.hybrid import catalog_rankers

    catalog = Catalog(spec.paired / "catalog")
    model = Encoder.load(spec.trained / "model")
    encoder, looks = with_embeddings(model, catalog, spec.embedded / "vectors")
    history = spec.trained / "history.jsonl"
    evaluate(
        encoder,
        catalog,
        rankers=catalog_rankers(encoder, catalog, looks),
        report=folder / "report",
        history=history if history.is_file() else None,
    )
    report: dict[str, Any] = json.loads((folder / "report" / "report.json").read_bytes())
    return report


def _headline(report: Report) -> str:
    kinds = report.get("queries", {})
    judged = f", {len(kinds)} query types" if kinds else ""
    return f"macro R@10 {report['macro']['R@10']:.3f} over {len(report['tasks'])} tasks{judged}"
