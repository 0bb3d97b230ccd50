"""A folder of embeddings: immutable, content-named shards, their manifests and one report."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from uniecs.catalog.digests import file_digest
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.errors import DataError

REPORT = "embeddings.json"
"""Written last: a folder without it is not finished."""


@dataclass(frozen=True, slots=True)
class EmbeddingReport:
    """What a folder of embeddings holds.

    Attributes:
        rows: Products with a vector.
        images_absent: Products whose picture could not be read, embedded from their text.
        skipped: Products without any usable modality in this view, and why.
        digest: 12 hex digits over all shards.
    """

    model_version: str
    processor_digest: str
    dim: int
    view: str
    catalog_digest: str
    rows: int
    images_absent: int
    skipped: dict[str, str]
    shards: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors of some products.

    Attributes:
        vectors: [N, D] float32 unit rows.
        gates: [N, 2] weights of image and text in each vector.
        pictures: [N, D] float32 unit rows of the pictures alone; zeros without a picture.
        looks: [N, LOOK_DIM] float32 unit rows of what the pictures look like; zeros without one.
        presences: [N] the modalities that went into each vector.
    """

    ids: list[str]
    vectors: np.ndarray
    gates: np.ndarray
    pictures: np.ndarray
    looks: np.ndarray
    presences: list[Presence]


def finish_embeddings(out: Path, *, shards: int) -> EmbeddingReport:
    """Check that all shards are there and belong together; writes ``embeddings.json`` last.

    Raises:
        DataError: When a shard is missing, altered, or of another model, view or catalog.
    """
    manifests = []
    for shard in range(shards):
        path = out / f"shard-{shard:04d}.json"
        if not path.exists():
            raise DataError(f"{path} is missing; embed shard {shard} of {shards} first.")
        manifests.append(json.loads(path.read_text(encoding="utf-8")))
    shared = ("model_version", "processor_digest", "dim", "view", "catalog_digest", "shards")
    for facts in manifests:
        differing = [name for name in shared if facts[name] != manifests[0][name]]
        if differing:
            raise DataError(
                f"{out}: shard {facts['shard']} differs in {', '.join(differing)} from shard 0; "
                "embed into an empty folder."
            )
    digest = hashlib.sha256("".join(facts["sha256"] for facts in manifests).encode())
    report = EmbeddingReport(
        **{name: manifests[0][name] for name in shared if name != "shards"},
        rows=sum(facts["rows"] for facts in manifests),
        images_absent=sum(facts["images_absent"] for facts in manifests),
        skipped={k: v for facts in manifests for k, v in facts["skipped"].items()},
        shards=tuple(facts["file"] for facts in manifests),
        digest=digest.hexdigest()[:12],
    )
    write_json(out / REPORT, {name: getattr(report, name) for name in report.__slots__})
    return report


def read_report(folder: Path) -> EmbeddingReport:
    """The report of a finished embeddings folder.

    Raises:
        DataError: When the folder is not finished.
    """
    path = folder / REPORT
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        return EmbeddingReport(**facts | {"shards": tuple(facts["shards"])})
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} is missing or unreadable ({error}); embed the catalog.") from error


def read_embeddings(folder: Path) -> Iterator[Embedded]:
    """Shards of a finished folder, one at a time, in order.

    Raises:
        DataError: When a shard is missing or its content does not match its name.
    """
    import pyarrow.parquet as pq

    for name in read_report(folder).shards:
        path = folder / name
        if not path.exists() or not file_digest(path).startswith(path.stem.rsplit("-", 1)[-1]):
            raise DataError(f"{path} is missing or was altered; embed the catalog again.")
        table = pq.read_table(path)
        if "look" not in table.column_names:
            raise DataError(f"{path} was made by an older version; embed the catalog again.")
        vectors = _matrix(table, "vector")
        labels = {view.label: view for view in VIEWS}
        yield Embedded(
            ids=table.column("product_id").to_pylist(),
            vectors=vectors,
            gates=np.stack([table.column(f"gate_{name}") for name in ("image", "text")], axis=1),
            pictures=_matrix(table, "picture"),
            looks=_matrix(table, "look"),
            presences=[labels[label] for label in table.column("presence").to_pylist()],
        )


def write_json(path: Path, facts: dict[str, Any]) -> None:
    """Write a JSON file in one step."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    partial.replace(path)


def _matrix(table: Any, name: str) -> np.ndarray:
    """[N, D] float32 of a list column; a small catalog leaves shards without rows."""
    column = table.column(name).combine_chunks()
    return np.asarray(column.flatten(), np.float32).reshape(-1, column.type.list_size)
