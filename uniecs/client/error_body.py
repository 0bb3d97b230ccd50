"""Errors as the search API sends them, ``{"error": {"code", "message", ...}}``, in both directions.

The server writes them and the client reads them with this one table, so that both sides raise the
same class.
"""

from collections.abc import Mapping
from typing import Any

from uniecs.errors import (
    DeadlineExceeded,
    FilterError,
    GenerationError,
    ModelError,
    ModelMismatch,
    QueryError,
    ServiceUnavailable,
    UniECSError,
    UsageError,
)

CODES: dict[str, type[UniECSError]] = {
    "query": QueryError,
    "filter": FilterError,
    "usage": UsageError,
    "model_mismatch": ModelMismatch,
    "model": ModelError,
    "generation": GenerationError,
    "service_unavailable": ServiceUnavailable,
    "deadline": DeadlineExceeded,
}
"""Code of each class that a search raises; a class not listed takes the code of its base."""

_REFUSALS: dict[int, type[UniECSError]] = {408: ServiceUnavailable, 429: ServiceUnavailable}


def error_code(error: UniECSError) -> str:
    """Code of an error; ``internal`` for one that no search raises.

    Example:
        >>> error_code(QueryError("no text"))
        'query'
    """
    codes = {kind: code for code, kind in CODES.items()}
    return next((codes[kind] for kind in type(error).__mro__ if kind in codes), "internal")


def write_error(error: UniECSError) -> dict[str, Any]:
    """The body for an error.

    Example:
        >>> write_error(FilterError("Unknown column", position=4))
        {'error': {'code': 'filter', 'message': 'Unknown column', 'position': 4}}
    """
    body: dict[str, Any] = {"code": error_code(error), "message": str(error)}
    if isinstance(error, FilterError):
        body["position"] = error.position
    if isinstance(error, ModelMismatch):
        body |= {"expected": error.expected, "got": error.got}
    return {"error": body}


def read_error(status: int, answer: object) -> UniECSError:
    """The error that a body stands for.

    Args:
        status: HTTP status, which decides where the code says nothing: other 4xx are the
            caller's (`UsageError`), 408, 429 and 5xx the service's (`ServiceUnavailable`).
        answer: The decoded body, whatever it is.
    """
    body = answer.get("error") if isinstance(answer, Mapping) else None
    if not isinstance(body, Mapping):
        body = {}
    message = str(body.get("message") or f"The search service answered with HTTP status {status}.")
    kind = CODES.get(str(body.get("code")))
    if kind is None:
        default = UsageError if 400 <= status < 500 else ServiceUnavailable
        return _REFUSALS.get(status, default)(message)
    if kind is FilterError:
        position = body.get("position")
        return FilterError(message, position=position if isinstance(position, int) else 0)
    if kind is ModelMismatch:
        return ModelMismatch(expected=str(body.get("expected")), got=str(body.get("got")))
    return kind(message)
