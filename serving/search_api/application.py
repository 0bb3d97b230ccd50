"""The endpoints: ``/v1/search``, ``/healthz``, ``/readyz``, ``/metrics`` and ``/openapi.json``."""

import logging
import traceback

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from serving.body_limit import BodyLimit
from serving.search_api.admission import Admission
from serving.search_api.answers import HEALTH_ANSWERS, READINESS_ANSWERS, SEARCH_ANSWERS
from serving.search_api.body import SearchBody, to_request
from serving.search_api.config import SearchApiConfig
from serving.search_api.metrics import SearchMetrics
from serving.search_api.readiness import Readiness
from serving.search_api.refusals import Refused, body_of, status_of
from uniecs import __version__
from uniecs.errors import UniECSError
from uniecs.search.deadline import Deadline
from uniecs.search.engine import SearchEngine
from uniecs.search.request import SearchResponse

log = logging.getLogger(__name__)


def build_application(engine: SearchEngine, config: SearchApiConfig) -> FastAPI:
    """The HTTP application around one engine, which it shares among all requests."""
    endpoints = _Endpoints(engine, config)
    app = FastAPI(title="UniECS search", version=__version__, docs_url=None, redoc_url=None)
    for path, method, endpoint, answers in (
        ("/v1/search", "POST", endpoints.search, SEARCH_ANSWERS),
        ("/healthz", "GET", endpoints.health, HEALTH_ANSWERS),
        ("/readyz", "GET", endpoints.ready, READINESS_ANSWERS),
    ):
        app.add_api_route(path, endpoint, methods=[method], responses=dict(answers))
    app.add_api_route("/metrics", endpoints.metrics, methods=["GET"], include_in_schema=False)
    app.add_exception_handler(UniECSError, endpoints.failed)
    app.add_exception_handler(RequestValidationError, endpoints.malformed)
    app.add_exception_handler(HTTPException, endpoints.not_served)
    app.add_middleware(
        BodyLimit,
        limits=config.limits,
        seconds=config.body_seconds,
        refusal=endpoints.body_refusal,
    )
    return app


class _Endpoints:
    """What each path does."""

    def __init__(self, engine: SearchEngine, config: SearchApiConfig) -> None:
        self._engine = engine
        self._config = config
        self._admission = Admission(max_running=config.max_running, max_waiting=config.max_waiting)
        self._readiness = Readiness(
            engine,
            within_seconds=config.probe_seconds,
            max_age_seconds=config.probe_age_seconds,
        )
        self._metrics = SearchMetrics(lambda: self._admission.admitted)

    async def search(self, body: SearchBody) -> JSONResponse:
        """Search the live generation by text, picture or both."""
        deadline = Deadline(self._config.search_seconds)
        response = await self._admission.run(lambda: self._answer(body, deadline), deadline)
        self._metrics.answered(response)
        return JSONResponse(response.as_json())

    def _answer(self, body: SearchBody, deadline: Deadline) -> SearchResponse:
        """In a thread: unpack, encode and search."""
        try:
            request = to_request(body, self._config.limits)
            return self._engine.search(request, deadline=deadline)
        except UniECSError:
            raise
        except Exception as error:
            # frames only: the message of an unforeseen error may quote the customer's text
            frames = "".join(traceback.format_tb(error.__traceback__))
            log.error("a search failed: %s\n%s", type(error).__name__, frames)
            message = f"The search failed: {type(error).__name__}; see the log of the server."
            raise Refused(500, "internal", message) from None

    async def health(self) -> JSONResponse:
        """Whether the process answers at all."""
        return JSONResponse({"live": True})

    async def ready(self) -> JSONResponse:
        """Whether a real search of the live generation works; 503 says why not."""
        try:
            answer = await self._readiness.check()
        except UniECSError as error:
            return JSONResponse({"ready": False, **body_of(error)}, 503)
        facts = {"generation": answer.generation, "model_version": answer.model_version}
        return JSONResponse({"ready": True, **facts})

    async def metrics(self) -> PlainTextResponse:
        """Metrics for Prometheus."""
        return PlainTextResponse(self._metrics.page(), media_type=CONTENT_TYPE_LATEST)

    async def failed(self, _request: Request, error: Exception) -> JSONResponse:
        """Answer an error of a search."""
        if not isinstance(error, UniECSError):
            raise error
        status, body = status_of(error), body_of(error)
        self._metrics.refused(body["error"]["code"])
        if status >= 500:
            log.warning("a search was answered with %d: %s", status, body["error"]["code"])
        headers = None
        if status in (429, 503, 504):
            headers = {"retry-after": str(self._config.retry_after_seconds)}
        return JSONResponse(body, status, headers=headers)

    async def malformed(self, request: Request, error: Exception) -> JSONResponse:
        """Name the first places that do not fit; never the input itself, which may be private."""
        if not isinstance(error, RequestValidationError):
            raise error
        places = [
            f"{'.'.join(str(part)[:40] for part in problem['loc'][:6])}: {problem['msg']}"
            for problem in error.errors()[:3]
        ]
        message = "; ".join(places).encode("utf-8", "replace").decode()
        return await self.failed(request, Refused(422, "malformed", message))

    async def not_served(self, _request: Request, error: Exception) -> JSONResponse:
        """Answer a path or method that does not exist."""
        if not isinstance(error, HTTPException):
            raise error
        self._metrics.refused("not_served")
        return JSONResponse(
            body_of(Refused(error.status_code, "not_served", str(error.detail))),
            error.status_code,
            headers=error.headers,
        )

    def body_refusal(self, status: int, code: str, message: str) -> JSONResponse:
        """Answer a body that is not read to its end."""
        self._metrics.refused(code)
        headers = {"connection": "close"}
        return JSONResponse(body_of(Refused(status, code, message)), status, headers=headers)
