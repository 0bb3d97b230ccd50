"""An export is in place only if its graphs say what the model says."""

import json
from pathlib import Path
from typing import Any

import onnx
import pytest

from uniecs.catalog.reading import Catalog
from uniecs.errors import CatalogError, GateRefused
from uniecs.evaluation.recall import TaskRecall
from uniecs.inference import export as exporting
from uniecs.inference.encoder import Encoder
from uniecs.inference.export import export_model

Exported = tuple[Path, dict[str, Any]]


def test_the_folder_holds_what_a_server_needs(exported: Exported) -> None:
    folder, report = exported

    names = {path.name for path in folder.iterdir()}

    graphs = {
        f"{kind}{small}.onnx" for kind in ("text", "image", "both") for small in ("", ".int8")
    }
    assert graphs | {"tokenizer.json", "processor_config.json", "manifest.json"} < names
    assert set(report["files"]) == graphs
    assert not list(folder.parent.glob("*.partial"))


def test_a_graph_holds_only_what_its_requests_need(exported: Exported) -> None:
    asked = {
        "text": {"input_ids", "attention_mask"},
        "image": {"pixel_values"},
        "both": {"input_ids", "attention_mask", "pixel_values"},
    }
    for kind, inputs in asked.items():
        graph = onnx.load(exported[0] / f"{kind}.onnx").graph
        operators = {node.op_type for node in graph.node}

        assert {given.name for given in graph.input} == inputs
        assert [out.name for out in graph.output] == ["vectors", "gates"]
        assert ("Conv" in operators) == (kind != "text")
        axes = {g.name: [d.dim_param for d in g.type.tensor_type.shape.dim] for g in graph.input}
        assert {shape[0] for shape in axes.values()} == {"batch"}
        assert axes.get("input_ids", ["batch", "length"]) == ["batch", "length"]


def test_eight_bits_are_smaller(exported: Exported) -> None:
    sizes = exported[1]["files"]

    for kind in ("text", "image", "both"):
        assert sizes[f"{kind}.int8.onnx"] < 0.9 * sizes[f"{kind}.onnx"]


def test_the_account_says_how_near_the_graphs_are(exported: Exported) -> None:
    folder, report = exported

    parity = report["parity"]
    assert report == json.loads((folder / "export.json").read_text())
    assert report["passed"]
    assert parity["fp32"]["cosine"]["min"] >= parity["fp32"]["threshold"] == 0.999
    assert parity["int8"]["cosine"]["min"] >= parity["int8"]["threshold"] == 0.995
    assert set(parity["fp32"]["cosine"]) == {"I", "T", "IT", "min", "mean"}


def test_recall_is_compared_on_the_catalog_and_judged_only_with_enough_queries(
    exported: Exported,
) -> None:
    recall = exported[1]["recall"]

    assert len(recall["model"]) == 10
    assert recall["graphs"]["fp32"] == pytest.approx(recall["model"], abs=1e-9)
    assert 9 * min(recall["queries"].values()) < 1 / recall["allowed"]
    assert not recall["judged"]


def worse_graphs(encoder: object, _catalog: Catalog, *, split: str) -> dict[str, TaskRecall]:
    """R@10 of a thousand queries, of which graphs lose ten."""
    return {"T->I": TaskRecall(0.5 if isinstance(encoder, Encoder) else 0.49, 1000)}


@pytest.mark.slow
def test_lost_recall_is_refused(
    tiny_model: Path, accepted_catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "recall_at_10", worse_graphs)

    with pytest.raises(GateRefused, match=r"fp32: 1\.00 points of macro R@10 are lost"):
        export_model(
            tiny_model, tmp_path / "out", catalog=accepted_catalog, note=lambda _what: None
        )


@pytest.mark.slow
def test_graphs_that_are_too_far_from_the_model_are_not_put_in_place(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(exporting.FLOORS, "fp32", 1.01)
    out = tmp_path / "exported"
    out.mkdir()
    (out / "earlier.txt").write_text("an earlier export")

    with pytest.raises(GateRefused, match=r"fp32: the smallest cosine .* at least 1\.01"):
        export_model(tiny_model, out, note=lambda _what: None)

    refused = json.loads((tmp_path / "exported.refused" / "export.json").read_text())
    assert not refused["passed"]
    assert refused["sample"] == "192 items: random, seed 0"
    assert (out / "earlier.txt").exists()


def test_a_catalog_without_anything_to_compare_is_told_before_the_work(
    tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "catalog.csv").write_text("product_id,title\n1,mug\n")

    with pytest.raises(CatalogError, match="no product has both"):
        export_model(tiny_model, tmp_path / "out", catalog=tmp_path, note=pytest.fail)
