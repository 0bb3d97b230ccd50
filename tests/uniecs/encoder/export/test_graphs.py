"""Every tower and every fusion that depends on no value becomes graphs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from uniecs.encoder.export.graphs import REQUESTS, write_graph
from uniecs.encoder.model import UniECSModel
from uniecs.errors import ModelError

Build = Callable[..., UniECSModel]


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {"fusion": "gated"},
        {"fusion": "ungated"},
        {"fusion": "towers"},
        {"adapters": True, "adapter_dim": 4},
    ],
    ids=lambda changes: ", ".join(f"{name} {value}" for name, value in changes.items()),
)
@pytest.mark.parametrize("request_kind", REQUESTS)
def test_graphs_of_a_vit_give_its_vectors_at_any_length(
    build_model: Build, tmp_path: Path, changes: dict[str, Any], request_kind: str
) -> None:
    from onnxruntime import InferenceSession

    model = build_model(dtype=torch.float32, max_text_tokens=12, **changes)
    path = tmp_path / "graph.onnx"

    write_graph(model, request_kind, (16, 16), path)

    session = InferenceSession(path, providers=["CPUExecutionProvider"])
    module = REQUESTS[request_kind](model).eval()
    generator = torch.Generator().manual_seed(2)
    for rows, length in ((1, 1), (1, 12), (5, 7)):
        mask = torch.ones(rows, length, dtype=torch.long)
        mask[-1, 1 + length // 2 :] = 0
        given = {
            "input_ids": torch.randint(5, 50, (rows, length), generator=generator),
            "attention_mask": mask,
            "pixel_values": torch.randn(rows, 3, 16, 16, generator=generator),
        }
        feed = {name: given[name] for name in module.inputs}
        vectors, gates = session.run(None, {name: value.numpy() for name, value in feed.items()})
        with torch.inference_mode():
            wanted, weights = module(**feed)
        assert np.abs(vectors - wanted.numpy()).max() < 1e-5
        assert np.abs(gates - weights.numpy()).max() < 1e-5
        assert np.abs(np.linalg.norm(vectors, axis=1) - 1).max() < 1e-5


def test_a_fusion_that_sorts_rows_by_their_values_is_refused(
    build_model: Build, tmp_path: Path
) -> None:
    model = build_model(dtype=torch.float32, fusion="released")

    with pytest.raises(ModelError, match=r"'released'.*cannot become a graph"):
        write_graph(model, "text", (16, 16), tmp_path / "graph.onnx")

    assert not (tmp_path / "graph.onnx").exists()
