"""Build a generation of the index from the vectors, and verify it; searches do not see it yet."""

from pathlib import Path
from typing import Any

from uniecs.loop.linking import link_tree
from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings
from uniecs.steps import StepOutput


class IndexSpec(LoopSpec):
    """Where catalog and vectors were published.

    Attributes:
        model_version: The registered model that made the vectors.
    """

    paired: Path
    embedded: Path
    model_version: str


@loop_step("index")
def run(spec: IndexSpec, settings: Settings) -> Step:
    """Build and verify a generation, which is ``warm`` then.

    Raises:
        GateRefused: When verification fails: rows, schema, or recall against exact search.
    """
    digest = published_digest(spec.embedded, "vectors")
    return Step(
        inputs={"paired": published_digest(spec.paired, "catalog"), "embedded": digest},
        config={"tenant": settings.tenant},
        code=["uniecs.catalog", "uniecs.index", "uniecs.loop.linking"],
        work=lambda _: _work(spec, settings, settings.root / "embeddings" / digest[:32]),
        headline=_headline,
        refusal=_refusal,
        still_valid=lambda output: _still_there(output, settings),
    )


def _work(spec: IndexSpec, settings: Settings, vectors: Path) -> dict[str, Any]:
    from uniecs.catalog.reading import Catalog
    from uniecs.index.generations import GenerationStore
    from uniecs.registry import Registry

    link_tree(spec.embedded / "vectors", vectors)  # verification reads them again, at any time
    store = GenerationStore(settings)
    model_folder = Registry(settings).get(spec.model_version).folder
    built = store.build(vectors, Catalog(spec.paired / "catalog"), model_folder=model_folder)
    verification = store.verify(built.id)
    return {"generation": built.id, "rows": built.rows, **verification.as_json()}


def _still_there(output: StepOutput, settings: Settings) -> bool:
    """Whether the generation is still usable; asks the ledger alone, not Milvus."""
    from uniecs.index.ledger import Ledger

    found = {g.id: g.state for g in Ledger(settings).list()}
    return found.get(output.report["generation"]) in ("warm", "live", "draining")


def _headline(report: Report) -> str:
    values = {check["name"]: check["value"] for check in report["checks"]}
    recall = next((v for name, v in values.items() if "recall" in name.lower()), None)
    shown = f", recall@10 {recall:.3f}" if isinstance(recall, float) else ""
    return f"generation {report['generation']}: {report['rows']:,} rows{shown}"


def _refusal(report: Report) -> str:
    failed = [check["name"] for check in report["checks"] if not check["passed"]]
    if not failed:
        return ""
    return (
        f"Generation {report['generation']} failed verification ({', '.join(failed)}) and stays "
        f"out of use; `uniecs index verify {report['generation']}` shows the figures."
    )
