"""``export``: graphs of a model, in place only when they say what the model says."""

import importlib.metadata
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean

from pydantic import BaseModel, ConfigDict

from uniecs.catalog.reading import Catalog
from uniecs.encoder.export.exporting import Note, export_graphs, replace_folder
from uniecs.encoder.export.folder import ACCOUNT, ExportManifest
from uniecs.errors import GateRefused
from uniecs.evaluation.recall import TaskRecall, recall_at_10
from uniecs.inference.encoder import Encoder
from uniecs.inference.items import Item
from uniecs.inference.onnx_encoder import OnnxEncoder
from uniecs.inference.parity import Parity, catalog_items, compare, random_items

FLOORS = {"fp32": 0.999, "int8": 0.995}
"""Smallest cosine between a graph's vector and the model's."""

ALLOWED_LOSS = 0.003
"""Of macro R@10."""

SEED, SPLIT = 0, "test"
LIBRARIES = ("torch", "onnx", "onnxruntime", "onnxscript", "transformers")


class Recall(BaseModel):
    """R@10 of the model and of its graphs on the test split of a catalog.

    Attributes:
        catalog_digest: Of that catalog.
        queries: By task.
        model: R@10 by task, and their mean as ``macro``.
        graphs: The same, by precision.
        lost: Macro R@10 of the model less that of the graphs, by precision.
        allowed: How much may be lost.
        judged: Whether there are so many queries that one changed rank is less than what may be
            lost; with fewer, ``lost`` is shown and refuses nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    catalog_digest: str
    queries: dict[str, int]
    model: dict[str, float]
    graphs: dict[str, dict[str, float]]
    lost: dict[str, float]
    allowed: float
    judged: bool

    @property
    def refused(self) -> dict[str, float]:
        """What is lost by precisions that lose too much."""
        return {
            name: lost for name, lost in self.lost.items() if lost > self.allowed and self.judged
        }


class ExportReport(BaseModel):
    """What was exported, and how near it is to the model: ``export.json``.

    Attributes:
        model_version: Of the model folder.
        format: ``onnx``.
        files: Bytes of each graph.
        sample: What the vectors were compared on.
        parity: By precision.
        recall: None without a catalog.
        versions: Of the libraries that made and ran the graphs.
        passed: Whether every figure is within its limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model_version: str
    format: str = "onnx"
    files: dict[str, int]
    sample: str
    parity: dict[str, Parity]
    recall: Recall | None
    versions: dict[str, str]
    passed: bool


def export_model(
    model: Path, out: Path, *, catalog: Path | None = None, int8: bool = False, note: Note
) -> ExportReport:
    """Export a model folder and compare the graphs with it.

    What passes replaces ``out``. What does not is left beside it as ``OUT.refused`` for whoever
    wants to look, and ``out`` stays as it was.

    Args:
        model: Model folder.
        out: Folder to write.
        catalog: Whose products are compared, and whose R@10 is; seeded random items without it.
        int8: Export with 8-bit weights too.
        note: Told what is being done.

    Raises:
        ModelError: When the model folder was altered, or cannot become graphs.
        CatalogError: When the catalog has nothing to compare.
        GateRefused: When a graph is too far from the model; carries the report.
    """
    opened = Catalog(catalog) if catalog else None
    items = catalog_items(opened) if opened else None  # a bad catalog is told before the work
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    manifest = export_graphs(model, partial, int8=int8, note=note)
    note("comparing vectors")
    encoder = Encoder.load(model, device="cpu", precision="float32")
    graphs = {name: OnnxEncoder.load(partial, precision=name) for name in manifest.graphs}
    items = items or random_items(_words(encoder.processor.tokenizer.get_vocab()), seed=SEED)
    parity = {name: compare(encoder, graphs[name], items, FLOORS[name]) for name in graphs}
    recall = _recall(encoder, graphs, opened, note) if opened else None
    report = _report(partial, manifest, parity, recall, items, opened)
    (partial / ACCOUNT).write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    place = out if report.passed else out.with_name(out.name + ".refused")
    replace_folder(partial, place)
    if not report.passed:
        raise GateRefused(
            f"{_reasons(report)} {place} holds the graphs.", report=report.model_dump()
        )
    return report


def _words(vocabulary: Iterable[str]) -> list[str]:
    """Words of a tokenizer, without the marks of pieces inside and at the end of words."""
    bare = {piece.removesuffix("</w>").lstrip("#▁Ġ") for piece in vocabulary}
    return sorted(word for word in bare if word.isalnum())


def _recall(
    encoder: Encoder, graphs: dict[str, OnnxEncoder], catalog: Catalog, note: Note
) -> Recall:
    note("R@10 of the model")
    found = recall_at_10(encoder, catalog, split=SPLIT)
    queries = {name: task.queries for name, task in found.items()}
    ours, theirs = _with_macro(found), {}
    for name, graph in graphs.items():
        note(f"R@10 of the {name} graphs")
        theirs[name] = _with_macro(recall_at_10(graph, catalog, split=SPLIT))
    return Recall(
        catalog_digest=catalog.digest,
        queries=queries,
        model=ours,
        graphs=theirs,
        lost={name: ours["macro"] - recall["macro"] for name, recall in theirs.items()},
        allowed=ALLOWED_LOSS,
        judged=1 / (len(queries) * min(queries.values())) < ALLOWED_LOSS,
    )


def _with_macro(tasks: Mapping[str, TaskRecall]) -> dict[str, float]:
    means = {name: task.recall for name, task in tasks.items()}
    return {**means, "macro": fmean(means.values())}


def _report(
    folder: Path,
    manifest: ExportManifest,
    parity: dict[str, Parity],
    recall: Recall | None,
    items: list[Item],
    catalog: Catalog | None,
) -> ExportReport:
    names = [name for graphs in manifest.graphs.values() for name in graphs.values()]
    near = all(found.passed for found in parity.values())
    kept = recall is None or not recall.refused
    source = f"catalog {catalog.digest}" if catalog else f"random, seed {SEED}"
    return ExportReport(
        model_version=manifest.model_version,
        files={name: (folder / name).stat().st_size for name in names},
        sample=f"{len(items)} items: {source}",
        parity=parity,
        recall=recall,
        versions={name: importlib.metadata.version(name) for name in LIBRARIES},
        passed=near and kept,
    )


def _reasons(report: ExportReport) -> str:
    reasons = [
        f"{name}: the smallest cosine to the model is {found.cosine['min']:.5f}, "
        f"at least {found.threshold} is wanted."
        for name, found in report.parity.items()
        if not found.passed
    ]
    if report.recall:
        reasons += [
            f"{name}: {lost * 100:.2f} points of macro R@10 are lost, "
            f"at most {report.recall.allowed * 100:.1f} may be."
            for name, lost in report.recall.refused.items()
        ]
    return " ".join(reasons)
