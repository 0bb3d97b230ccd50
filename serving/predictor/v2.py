"""KServe's V2 protocol (open inference protocol): tensors ``text`` and ``image`` of BYTES [n].

Over gRPC an element of ``image`` is the picture itself, over REST it is its base64, because JSON
has no bytes. An empty element means absent; one of the two tensors may be left out.
"""

import json
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import numpy as np
from kserve import InferInput, InferOutput, InferRequest, InferResponse

from serving.predictor.entries import (
    Entry,
    EntryProblem,
    check_count,
    decode_base64,
    decode_text,
    make_entry,
)
from serving.predictor.refusals import RequestRefused
from uniecs.inference.items import Encoded, ItemError
from uniecs.inference.limits import RequestLimits

TENSORS = ("text", "image")


def input_types() -> list[dict[str, Any]]:
    """Metadata of the input tensors."""
    return [{"name": name, "datatype": "BYTES", "shape": [-1]} for name in TENSORS]


def output_types(dim: int) -> list[dict[str, Any]]:
    """Metadata of the output tensors."""
    return [
        {"name": "vector", "datatype": "FP32", "shape": [-1, dim]},
        {"name": "gates", "datatype": "FP32", "shape": [-1, 2]},
        {"name": "error", "datatype": "BYTES", "shape": [-1]},
    ]


def read_v2(request: InferRequest, limits: RequestLimits) -> list[Entry]:
    """Entries of a V2 request, from REST or gRPC.

    Raises:
        RequestRefused: Unknown or repeated tensors, wrong datatypes, shapes or lengths.
        RequestTooLarge: More items than allowed.
    """
    columns: dict[str, list[object]] = {}
    for tensor in request.inputs:
        if tensor.name not in TENSORS or tensor.name in columns:
            raise RequestRefused(
                f"Unexpected tensor {str(tensor.name)[:40]!r}; send text, image or both, once each."
            )
        columns[tensor.name] = _elements(tensor, limits)
    lengths = {len(column) for column in columns.values()}
    if len(lengths) != 1:
        raise RequestRefused(
            f"The tensors have {sorted(lengths)} elements; send text, image or both, with one "
            "element for each item."
        )
    count = lengths.pop()
    texts = columns.get("text", [None] * count)
    images = columns.get("image", [None] * count)
    return [
        _read(place, text, image, limits)
        for place, (text, image) in enumerate(zip(texts, images, strict=True))
    ]


def _elements(tensor: InferInput, limits: RequestLimits) -> list[object]:
    if tensor.datatype != "BYTES":
        raise RequestRefused(
            f"The tensor {tensor.name} is {tensor.datatype[:10]}; it must be BYTES."
        )
    shape = list(tensor.shape)
    if len(shape) != 1:
        raise RequestRefused(f"The tensor {tensor.name} has {len(shape)} axes; it must be [n].")
    check_count(shape[0], limits)
    try:
        values = tensor.data or tensor.as_numpy().tolist()
    except Exception as error:  # raw content of any kind meets struct and numpy here
        raise RequestRefused(
            f"The content of the tensor {tensor.name} cannot be read: {type(error).__name__}."
        ) from None
    if len(values) != shape[0]:
        raise RequestRefused(
            f"The tensor {tensor.name} has shape {shape} and {len(values)} elements."
        )
    return list(values)


def _read(place: int, text: object, image: object, limits: RequestLimits) -> Entry:
    name = str(place)
    try:
        picture = image if isinstance(image, bytes) or image is None else None
        if picture is None and image is not None:
            picture = decode_base64(image, limits)
        return make_entry(name, decode_text(text), picture, limits)
    except EntryProblem as problem:
        return Entry(name, error=problem.error)


def write_v2(
    request: InferRequest, encoded: Encoded, *, model_version: str, processor_digest: str
) -> InferResponse:
    """Rows in the order of the request; a failed one has zeros and a JSON error."""
    errors = np.array([_error_text(error) for error in encoded.errors], dtype=np.object_)
    outputs = [
        _output("vector", "FP32", encoded.vectors),
        _output("gates", "FP32", encoded.gates),
        _output("error", "BYTES", errors),
    ]
    return InferResponse(
        # without an id of the client KServe needs one all the same, or it answers 500
        response_id=request.id or str(uuid4()),
        model_name=request.model_name,
        model_version=model_version,
        infer_outputs=outputs,
        parameters={"model_version": model_version, "processor_digest": processor_digest},
        requested_outputs=_requested(request),
    )


def _requested(request: InferRequest) -> Sequence[Any] | None:
    wanted = request.request_outputs
    for output in wanted or ():
        if output.name not in ("vector", "gates", "error"):
            raise RequestRefused(
                f"There is no output {str(output.name)[:40]!r}; there are vector, gates, error."
            )
        output.parameters = None  # binary JSON bodies are slower than JSON and break on pictures
    return wanted or None


def _output(name: str, datatype: str, values: np.ndarray) -> InferOutput:
    return InferOutput(name=name, shape=list(values.shape), datatype=datatype, data=values)


def _error_text(error: ItemError | None) -> bytes:
    if error is None:
        return b""
    return json.dumps({"code": error.code, "message": error.message}).encode()
