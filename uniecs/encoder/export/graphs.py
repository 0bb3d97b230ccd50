"""From the model to one ONNX graph per presence: text, image, both.

All rows of such a graph are alike, so the fusion's bookkeeping of rows is fixed when the graph is
made, and a graph holds no tower that its requests do not need.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from uniecs.encoder.fusion import Stream
from uniecs.encoder.model import UniECSModel
from uniecs.errors import ModelError

ROWS, TOKENS = 3, 4
"""Of the example that a graph is traced with; any numbers above 1 that differ."""

AXES = {
    "input_ids": {0: "batch", 1: "length"},
    "attention_mask": {0: "batch", 1: "length"},
    "pixel_values": {0: "batch"},
}
"""The free axes of each input."""

OUTPUTS = ("vectors", "gates")
Outputs = tuple[Tensor, Tensor]


class _Request(nn.Module):
    """Rows that all have the same modalities."""

    inputs: tuple[str, ...]

    def __init__(self, model: UniECSModel) -> None:
        super().__init__()
        self.model = model

    def _fused(self, image: Tensor | None, text: Tensor | None, mask: Tensor | None) -> Outputs:
        given = text if image is None else image
        assert given is not None  # noqa: S101 - one of them is
        batch = given.shape[0]
        rows = torch.arange(batch, device=given.device)  # one tensor: the fusion knows them alike
        fused = self.model.fuse(
            None if image is None else Stream(image, rows),
            None if text is None or mask is None else Stream(text, rows, mask.bool()),
            batch,
        )
        vectors, gates = fused.to_tuple()
        return vectors, gates


class TextRequest(_Request):
    """Texts: ids and mask [B, L] int64."""

    inputs = ("input_ids", "attention_mask")

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Outputs:
        """Unit vectors [B, dim] and gates [B, 2]."""
        tokens = self.model.text_tokens(input_ids, attention_mask)
        return self._fused(None, tokens, attention_mask)


class ImageRequest(_Request):
    """Pictures: normalised pixels [B, 3, H, W] float32."""

    inputs = ("pixel_values",)

    def forward(self, pixel_values: Tensor) -> Outputs:
        """Unit vectors [B, dim] and gates [B, 2]."""
        return self._fused(self.model.image_tokens(pixel_values), None, None)


class BothRequest(_Request):
    """Texts, and the picture of each."""

    inputs = ("input_ids", "attention_mask", "pixel_values")

    def forward(self, input_ids: Tensor, attention_mask: Tensor, pixel_values: Tensor) -> Outputs:
        """Unit vectors [B, dim] and gates [B, 2]."""
        image = self.model.image_tokens(pixel_values)
        tokens = self.model.text_tokens(input_ids, attention_mask)
        return self._fused(image, tokens, attention_mask)


REQUESTS: dict[str, type[_Request]] = {
    "text": TextRequest,
    "image": ImageRequest,
    "both": BothRequest,
}


def write_graph(model: UniECSModel, request: str, size: tuple[int, int], path: Path) -> None:
    """Write the graph of a kind of request, with free batch and text length.

    Args:
        model: In evaluation mode, float32, on the CPU.
        request: ``text``, ``image`` or ``both``.
        size: Height and width of a picture, px.
        path: File to write.

    Raises:
        ModelError: When the model computes something that no graph can hold.
    """
    module = REQUESTS[request](model).eval()
    example = {
        "input_ids": torch.ones(ROWS, TOKENS, dtype=torch.long),
        "attention_mask": torch.ones(ROWS, TOKENS, dtype=torch.long),
        "pixel_values": torch.zeros(ROWS, 3, *size),
    }
    with _quiet(), torch.no_grad():
        program = _captured(module, example)
        torch.onnx.export(
            program,
            f=str(path),
            dynamo=True,
            external_data=False,
            dynamic_shapes={name: AXES[name] for name in module.inputs},  # their names alone
            input_names=list(module.inputs),
            output_names=list(OUTPUTS),
            verbose=False,
        )


def _captured(module: _Request, example: dict[str, Tensor]) -> ExportedProgram:
    longest = module.model.config.max_text_tokens
    free = {"batch": Dim("batch", min=1), "length": Dim("length", min=1, max=longest)}
    arguments = tuple(example[name] for name in module.inputs)
    shapes = tuple(
        {axis: free[named] for axis, named in AXES[name].items()} for name in module.inputs
    )
    try:
        return torch.export.export(module, arguments, dynamic_shapes=shapes, strict=False)
    except (RuntimeError, ValueError) as error:
        config = module.model.config
        raise ModelError(
            f"A model with the fusion {config.fusion!r}, the vision tower "
            f"{config.vision_config.model_type!r} and the text tower "
            f"{config.text_config.model_type!r} cannot become a graph, for what it computes "
            f"depends on the values that it sees: {str(error).splitlines()[0]}"
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter remarks on operators that no encoder uses."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def quantise(source: Path, target: Path) -> None:
    """Matrix products and embeddings in 8 bits, activations rounded as they come (dynamic).

    Convolutions stay in float32: with 8 bits and scales found at run time, ONNX Runtime takes five
    times as long for them (docs/export.md). Weights keep to 7 of the 8 bits: processors without
    VNNI add products up in 16 bits, which overflow otherwise (cosines down to .968 were seen).
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quiet():
        quantize_dynamic(
            source,
            target,
            op_types_to_quantize=["MatMul", "Gather"],  # Gemm is rewritten; Gather: embeddings
            per_channel=True,
            weight_type=QuantType.QInt8,
            reduce_range=True,
        )
