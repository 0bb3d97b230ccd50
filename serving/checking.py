"""Proof that a server serves: readiness, a V1 and a V2 request, answered by the right model."""

import base64
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from serving.config import MODEL_NAME
from serving.probe import check_probe, probe_items
from uniecs.errors import ModelError, ServiceUnavailable
from uniecs.inference.items import Encoded

if TYPE_CHECKING:
    import httpx


class ServerCheck(BaseModel):
    """What the requests of a check found.

    Attributes:
        dim: Length of a vector.
        v1_ms: Time of the V1 request for a text, a picture and both, milliseconds.
        v2_ms: Time of the V2 request for the same items.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    model_version: str
    dim: int
    v1_ms: float
    v2_ms: float


def check_server(http_url: str, model_version: str, *, timeout: float = 60.0) -> ServerCheck:
    """Ask a server for a text, a picture and both over V1 and V2, and check the answers.

    Args:
        http_url: Like ``http://127.0.0.1:8080``.
        model_version: The one that must answer.
        timeout: For each request, seconds.

    Raises:
        ServiceUnavailable: The server does not answer, or refuses.
        ModelError: Another model answers, or its vectors are unsound.
    """
    import httpx

    with httpx.Client(base_url=http_url, timeout=timeout, trust_env=False) as client:
        try:
            _answer(client.get(f"/v2/models/{MODEL_NAME}/ready"))
            started = time.perf_counter()
            v1 = _answer(client.post(f"/v1/models/{MODEL_NAME}:predict", json=_v1_body()))
            between = time.perf_counter()
            v2 = _answer(client.post(f"/v2/models/{MODEL_NAME}/infer", json=_v2_body()))
            ended = time.perf_counter()
        except httpx.HTTPError as error:
            raise ServiceUnavailable(
                f"The server at {http_url} does not answer: {type(error).__name__}: {error}. "
                "Look at its log, start it again."
            ) from error
    versions = {v1.get("model_version"), v2.get("parameters", {}).get("model_version")}
    if versions != {model_version}:
        raise ModelError(
            f"The server at {http_url} answers with model version {sorted(map(str, versions))}, "
            f"expected {model_version}; deploy the release again."
        )
    from_v1, from_v2 = _read_v1(v1), _read_v2(v2)
    dim = from_v1.vectors.shape[1]
    check_probe(from_v1, dim=dim)
    check_probe(from_v2, dim=dim)
    if not np.allclose(from_v1.vectors, from_v2.vectors, atol=1e-4):
        raise ModelError(f"The server at {http_url} gives other vectors over V1 than over V2.")
    return ServerCheck(
        model_version=model_version,
        dim=dim,
        v1_ms=round(1000 * (between - started), 2),
        v2_ms=round(1000 * (ended - between), 2),
    )


def _answer(response: "httpx.Response") -> dict[str, Any]:
    if response.status_code != 200:
        raise ServiceUnavailable(
            f"{response.request.method} {response.request.url} answered {response.status_code}: "
            f"{response.text[:300]}"
        )
    answer: dict[str, Any] = response.json()
    return answer


def _b64(image: object) -> str:
    return base64.b64encode(image).decode() if isinstance(image, bytes) else ""


def _v1_body() -> dict[str, Any]:
    return {
        "instances": [
            {"id": item.id, "text": item.text, "image": {"b64": _b64(item.image)}}
            for item in probe_items()
        ]
    }


def _v2_body() -> dict[str, Any]:
    items = probe_items()
    columns = {"text": [item.text for item in items], "image": [_b64(i.image) for i in items]}
    return {
        "inputs": [
            {"name": name, "datatype": "BYTES", "shape": [len(items)], "data": values}
            for name, values in columns.items()
        ]
    }


def _read_v1(answer: dict[str, Any]) -> Encoded:
    predictions = answer["predictions"]
    return Encoded(
        ids=[str(prediction["id"]) for prediction in predictions],
        vectors=np.array([prediction["vector"] for prediction in predictions], dtype=np.float32),
        gates=np.array(
            [[p["gates"]["image"], p["gates"]["text"]] for p in predictions], dtype=np.float32
        ),
        errors=[None] * len(predictions),
    )


def _read_v2(answer: dict[str, Any]) -> Encoded:
    tensors = {
        output["name"]: np.array(output["data"]).reshape(output["shape"])
        for output in answer["outputs"]
    }
    return Encoded(
        ids=[item.id for item in probe_items()],
        vectors=tensors["vector"].astype(np.float32),
        gates=tensors["gates"].astype(np.float32),
        errors=[None] * len(tensors["vector"]),
    )
