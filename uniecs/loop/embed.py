"""Embed the catalog: one vector per product, in immutable shards."""

from pathlib import Path
from typing import Any

from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings


class EmbedSpec(LoopSpec):
    """Where model and split catalog were published."""

    paired: Path
    trained: Path


@loop_step("embed")
def run(spec: EmbedSpec, _: Settings) -> Step:
    """Embed the IT view of every accepted product; a killed run goes on at the next shard."""
    return Step(
        inputs={
            "paired": published_digest(spec.paired, "catalog"),
            "trained": published_digest(spec.trained, "model"),
        },
        code=[
            "uniecs.catalog",
            "uniecs.encoder",
            "uniecs.inference",
            "uniecs.index.embeddings",
            "uniecs.index.look",
            "uniecs.index.shards",
        ],
        work=lambda folder: _work(spec, folder),
        headline=_headline,
    )


def _work(spec: EmbedSpec, folder: Path) -> dict[str, Any]:
    from dataclasses import asdict

    from uniecs.catalog.reading import Catalog
    from uniecs.index.embeddings import embed_catalog
    from uniecs.inference.encoder import Encoder

    encoder = Encoder.load(spec.trained / "model")
    report = embed_catalog(encoder, Catalog(spec.paired / "catalog"), folder / "vectors")
    return asdict(report)


def _headline(report: Report) -> str:
    return (
        f"{report['rows']:,} vectors of {report['dim']} numbers; {report['images_absent']:,} "
        f"without a readable picture, {len(report['skipped']):,} skipped"
    )
