"""Requests that are refused, and the HTTP status of every error."""

from collections.abc import Mapping
from typing import Any

from uniecs.client.error_body import write_error
from uniecs.errors import (
    DeadlineExceeded,
    FilterError,
    GenerationError,
    ImageError,
    ModelError,
    ModelMismatch,
    QueryError,
    ServiceUnavailable,
    UniECSError,
    UsageError,
)

_STATUS: tuple[tuple[type[UniECSError], int], ...] = (
    (QueryError, 400),
    (ImageError, 400),
    (FilterError, 400),
    (UsageError, 422),
    (ModelMismatch, 409),  # before its base
    (ModelError, 503),
    (GenerationError, 503),
    (ServiceUnavailable, 503),
    (DeadlineExceeded, 504),
)


class Refused(UniECSError):
    """A request is refused before it is searched.

    Args:
        status: HTTP status.
        code: Short and stable, for programs.
        message: What happened, and what to do.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def status_of(error: UniECSError) -> int:
    """HTTP status of an error; 500 for one that no search raises.

    Example:
        >>> status_of(FilterError("Unknown column"))
        400
    """
    if isinstance(error, Refused):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def body_of(error: UniECSError) -> Mapping[str, Any]:
    """The JSON answer for an error, as ``uniecs.client`` reads it."""
    if isinstance(error, Refused):
        return {"error": {"code": error.code, "message": str(error)}}
    return write_error(error)
