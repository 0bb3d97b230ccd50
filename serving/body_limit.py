"""Bounds every request body before a parser sees it: bytes, time, and one wire format."""

import asyncio
from collections.abc import Callable

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from uniecs.inference.limits import RequestLimits

BINARY_HEADER = b"inference-header-content-length"


def _refusal(status: int, code: str, message: str) -> JSONResponse:
    headers = {"connection": "close"}  # the rest of the body is not read
    return JSONResponse({"error": message, "code": code}, status, headers=headers)


class BodyLimit:
    """ASGI middleware: 413 for a body over ``max_body_bytes``, 408 for one that never ends.

    A V2 body with binary tensors is refused with 400: KServe turns such tensors into UTF-8 text,
    which breaks on pictures.

    Args:
        limits: Holds ``max_body_bytes``.
        seconds: To receive one body.
        refusal: Writes the answer for a status, a code and a message.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: RequestLimits,
        seconds: float,
        refusal: Callable[[int, str, str], JSONResponse] = _refusal,
    ) -> None:
        self._app = app
        self._limits = limits
        self._seconds = seconds
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body already received, or answer it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        if any(name == BINARY_HEADER for name, _ in scope["headers"]):
            answer = self._refusal(
                400,
                "binary_over_rest",
                "Binary tensors are not taken over REST; send base64 in JSON, or use gRPC.",
            )
            await answer(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._seconds):
                body = await _receive(receive, self._limits.max_body_bytes)
        except TimeoutError:
            answer = self._refusal(
                408, "body_timeout", f"No whole body within {self._seconds:g} s."
            )
            await answer(scope, receive, send)
            return
        if body is None:
            answer = self._refusal(
                413,
                "too_large",
                "The body is larger than the limit max_body_bytes = "
                f"{self._limits.max_body_bytes}; send fewer or smaller items.",
            )
            await answer(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), send)


class _Replay:
    """A receive channel that gives a body already read, then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _receive(receive: Receive, limit: int) -> bytes | None:
    """The whole body, empty when the client has gone, None as soon as it is over the limit."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b""
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)
