"""KServe's V1 protocol: one JSON object for each item."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from serving.predictor.entries import (
    Entry,
    EntryId,
    EntryProblem,
    check_count,
    decode_base64,
    decode_text,
    make_entry,
)
from serving.predictor.refusals import RequestRefused
from uniecs.inference.items import Encoded, ItemError
from uniecs.inference.limits import RequestLimits


def read_v1(payload: object, limits: RequestLimits) -> list[Entry]:
    """Entries of ``{"instances": [{"id"?, "text"?, "image"?: {"b64": ...}}]}``.

    Args:
        payload: The decoded body, or its bytes: KServe leaves the body alone when the content
            type has a parameter such as ``charset``.
        limits: Caps of the request.

    Raises:
        RequestRefused: When the body as a whole is malformed.
        RequestTooLarge: More items than allowed.
    """
    if isinstance(payload, bytes):
        try:
            payload = orjson.loads(payload)
        except orjson.JSONDecodeError as error:
            raise RequestRefused(f"The body is not JSON: {error}.") from None
    instances = payload.get("instances") if isinstance(payload, Mapping) else None
    if not isinstance(instances, list):
        raise RequestRefused(
            'The body must be {"instances": [{"id", "text", "image": {"b64": ...}}, ...]}.'
        )
    check_count(len(instances), limits)
    return [_read(str(place), instance, limits) for place, instance in enumerate(instances)]


def _read(place: str, instance: object, limits: RequestLimits) -> Entry:
    name: EntryId = place
    try:
        if not isinstance(instance, Mapping):
            raise EntryProblem(
                "invalid", f"An instance must be an object, not {type(instance).__name__}."
            )
        name = _read_id(instance.get("id"), place, limits)
        text = decode_text(instance.get("text"))
        return make_entry(name, text, _read_image(instance.get("image"), limits), limits)
    except EntryProblem as problem:
        return Entry(name, error=problem.error)


def _read_id(value: object, place: str, limits: RequestLimits) -> EntryId:
    if value is None:
        return place
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise EntryProblem("id", f"The id must be a string, not {type(value).__name__}.")
    if isinstance(value, str) and len(value) > limits.max_id_chars:
        raise EntryProblem(
            "id",
            f"The id has {len(value)} characters, the limit is max_id_chars = "
            f"{limits.max_id_chars}.",
        )
    return value


def _read_image(value: object, limits: RequestLimits) -> bytes | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or set(value) != {"b64"}:
        raise EntryProblem("image", 'The image must be {"b64": "<base64 of a picture>"}.')
    return decode_base64(value["b64"], limits)


def write_v1(entries: Sequence[Entry], encoded: Encoded) -> list[dict[str, Any]]:
    """Predictions in the order of the request; a failed one has null vector and gates."""
    return [
        _prediction(entry.id, encoded, row, encoded.errors[row])
        for row, entry in enumerate(entries)
    ]


def _prediction(
    name: EntryId, encoded: Encoded, row: int, error: ItemError | None
) -> dict[str, Any]:
    if error is not None:
        failure = {"code": error.code, "message": error.message}
        return {"id": name, "vector": None, "gates": None, "error": failure}
    image, text = encoded.gates[row].tolist()
    return {
        "id": name,
        "vector": encoded.vectors[row].tolist(),
        "gates": {"image": image, "text": text},
        "error": None,
    }
