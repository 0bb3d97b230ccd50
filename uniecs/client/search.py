"""Asking the search API from Python."""

import base64
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from uniecs.client.error_body import read_error
from uniecs.client.result import SearchResult, read_result
from uniecs.errors import ImageError, ServiceUnavailable, UsageError


class SearchClient:
    """A client of one search API; safe for use by many threads, keeps its connections.

    Args:
        base_url: Like ``http://127.0.0.1:8090``.
        timeout: For each of connecting, sending and waiting for the answer, seconds.
        transport: How requests travel; HTTP without any proxy of the environment by default.

    Raises:
        UsageError: When ``base_url`` is not an http(s) URL.

    Example:
        ``with SearchClient(url) as shop: shop.search(text="red mug", where="price < 20").hits``
    """

    def __init__(
        self,
        base_url: str,
        *,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._address = _address(base_url)
        self._http = httpx.Client(
            base_url=base_url, timeout=timeout, transport=transport, trust_env=False
        )

    def search(
        self,
        *,
        text: str | None = None,
        image: bytes | Path | None = None,
        where: str | None = None,
        top_k: int = 10,
        mode: Literal["hybrid", "dense"] = "hybrid",
    ) -> SearchResult:
        """Search by text, picture or both.

        Args:
            text: Words.
            image: Encoded bytes of a JPEG, PNG or WEBP picture, or the path of one.
            where: A filter such as ``price < 50 and brand == "X"``.
            top_k: Number of hits, 1 to 1000.
            mode: ``hybrid`` adds BM25 for the words; ``dense`` is the encoder alone.

        Raises:
            QueryError: Neither text nor image, or a picture that cannot be used.
            ImageError: A picture's path that cannot be read.
            FilterError: A filter that cannot be understood; carries the position.
            UsageError: A value over a limit, which the message names.
            ModelMismatch: The service encodes with another model than its index holds.
            ModelError: The service does not find the model of its index.
            GenerationError: Nothing is live to be searched.
            DeadlineExceeded: The service gave up, because the search took too long.
            ServiceUnavailable: The service cannot be reached, is too busy, or fails.
        """
        body: dict[str, Any] = {"top_k": top_k, "mode": mode}
        if text is not None:
            body["text"] = text
        if where is not None:
            body["where"] = where
        if image is not None:
            body["image"] = {"b64": base64.b64encode(_encoded(image)).decode("ascii")}
        return self._result(self._send(body))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, body: dict[str, Any]) -> httpx.Response:
        try:
            return self._http.post("/v1/search", json=body)
        except UnicodeEncodeError:
            raise UsageError(
                "The text or filter holds a lone surrogate, which is no valid text; remove it."
            ) from None
        except httpx.TransportError as error:
            raise ServiceUnavailable(
                f"The search service at {self._address} does not answer "
                f"({type(error).__name__}: {error}). Start it with `python -m serving.search_api`, "
                "or give the address of one that runs."
            ) from error

    def _result(self, response: httpx.Response) -> SearchResult:
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not response.is_success:
            raise read_error(response.status_code, answer)
        try:
            return read_result(answer)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ServiceUnavailable(
                f"What answers at {self._address} is not the search API of this version; "
                "check the address."
            ) from None


def _address(base_url: str) -> str:
    """Scheme, host and port for messages; never the credentials that a URL may hold."""
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError):
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise UsageError("The address of a search service must look like http://127.0.0.1:8090.")
    return f"{url.scheme}://{url.netloc.decode('ascii')}"


def _encoded(image: bytes | Path) -> bytes:
    if isinstance(image, bytes):
        return image
    try:
        return image.read_bytes()
    except OSError as error:
        raise ImageError(
            f"{image.as_posix()!a}: the picture cannot be read ({error.strerror}); "
            "give the path of one that exists.",
            code="missing",
        ) from error
