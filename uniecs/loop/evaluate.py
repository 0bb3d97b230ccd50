"""Judge the trained encoder: nine tasks, judged queries, alone and with words beside it."""

import json
from pathlib import Path
from typing import Any

from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings


class EvaluateSpec(LoopSpec):
    """Where model and split catalog were published."""

    paired: Path
    trained: Path


@loop_step("evaluate")
def run(spec: EvaluateSpec, _: Settings) -> Step:
    """Evaluate on the test split; the output holds the ``report`` folder."""
    return Step(
        inputs={
            "paired": published_digest(spec.paired, "catalog"),
            "trained": published_digest(spec.trained, "model"),
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
        ],
        work=lambda folder: _work(spec, folder),
        headline=_headline,
        shows="report",
    )


def _work(spec: EvaluateSpec, folder: Path) -> dict[str, Any]:
    from uniecs.catalog.reading import Catalog
    from uniecs.evaluation.evaluate import evaluate
    from uniecs.evaluation.remembering import RememberingEncoder
    from uniecs.inference.encoder import Encoder
    from uniecs.search.hybrid import catalog_rankers

    encoder = RememberingEncoder(Encoder.load(spec.trained / "model"))
    catalog = Catalog(spec.paired / "catalog")
    history = spec.trained / "history.jsonl"
    evaluate(
        encoder,
        catalog,
        rankers=catalog_rankers(encoder, catalog),
        report=folder / "report",
        history=history if history.is_file() else None,
    )
    report: dict[str, Any] = json.loads((folder / "report" / "report.json").read_bytes())
    return report


def _headline(report: Report) -> str:
    kinds = report.get("queries", {})
    judged = f", {len(kinds)} query types" if kinds else ""
    return f"macro R@10 {report['macro']['R@10']:.3f} over {len(report['tasks'])} tasks{judged}"
