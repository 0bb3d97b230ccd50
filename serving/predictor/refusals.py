"""Refusals of a request, each with its HTTP status and its gRPC status."""

from collections.abc import Mapping, Sequence
from typing import Any

from grpc import StatusCode
from grpc_interceptor.exceptions import GrpcException

from uniecs.errors import UniECSError


class RequestRefused(UniECSError, GrpcException):
    """A request as a whole is refused: HTTP 400, INVALID_ARGUMENT."""

    http_status = 400
    status_code = StatusCode.INVALID_ARGUMENT
    code = "invalid_request"

    def __init__(
        self, message: str, *, predictions: Sequence[Mapping[str, Any]] | None = None
    ) -> None:
        super().__init__(message)
        self.details = message
        self.predictions = predictions

    def body(self) -> dict[str, Any]:
        """The JSON answer over HTTP."""
        answer: dict[str, Any] = {"error": str(self), "code": self.code}
        if self.predictions is not None:
            answer["predictions"] = list(self.predictions)
        return answer


class NothingEncoded(RequestRefused):
    """Every item of the request failed: HTTP 400, INVALID_ARGUMENT."""

    code = "nothing_encoded"


class RequestTooLarge(RequestRefused):
    """The request is over a limit, which the message names: HTTP 413, INVALID_ARGUMENT."""

    http_status = 413
    code = "too_large"


class Overloaded(RequestRefused):
    """Too many items wait: HTTP 503, RESOURCE_EXHAUSTED; worth trying again."""

    http_status = 503
    status_code = StatusCode.RESOURCE_EXHAUSTED
    code = "overloaded"


class TooLate(RequestRefused):
    """The deadline passed before the items were encoded: HTTP 504, DEADLINE_EXCEEDED."""

    http_status = 504
    status_code = StatusCode.DEADLINE_EXCEEDED
    code = "deadline"


class NotReady(RequestRefused):
    """No model answers: HTTP 503, UNAVAILABLE."""

    http_status = 503
    status_code = StatusCode.UNAVAILABLE
    code = "not_ready"
