"""KServe's own V1 and V2 endpoints as one application, with bounds and quiet refusals around."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from kserve import errors as kserve_errors
from kserve.protocol.dataplane import DataPlane
from kserve.protocol.model_repository_extension import ModelRepositoryExtension
from kserve.protocol.rest.server import metrics_handler
from kserve.protocol.rest.v1_endpoints import register_v1_endpoints
from kserve.protocol.rest.v2_endpoints import register_v2_endpoints
from starlette.exceptions import HTTPException

from serving.body_limit import BodyLimit
from serving.config import ServingConfig
from serving.predictor.refusals import RequestRefused

STATUS: dict[type[Exception], int] = {
    kserve_errors.InvalidInput: 400,
    kserve_errors.UnsupportedProtocol: 400,
    kserve_errors.ModelNotFound: 404,
    NotImplementedError: 404,  # a version in the path, :explain; 501 would look like our failure
    kserve_errors.ModelNotReady: 503,
    kserve_errors.ServerNotReady: 503,
}
"""What KServe raises for a request, and the answer; its own handlers log a traceback for each."""


class ProbingDataPlane(DataPlane):  # type: ignore[misc]
    """KServe's data plane, in which readiness means that a real forward works."""

    async def model_ready(
        self, model_name: str, disable_predictor_health_check: bool = False
    ) -> bool:
        """Whether a forward works; requests (which set the flag) are not held up by it."""
        model = self.get_model_from_registry(model_name)
        return disable_predictor_health_check or bool(await model.probe())

    async def ready(self) -> bool:
        """Whether a forward of every model works."""
        for name in list(self.model_registry.get_models()):
            if not await self.model_ready(name):
                return False
        return True


class FixedRepository(ModelRepositoryExtension):  # type: ignore[misc]
    """No client loads or unloads: the release pointer, or --model, says what is served."""

    async def load(self, model_name: str) -> None:
        """Refuse."""
        raise RequestRefused(f"{model_name[:40]!r} cannot be loaded by a client; deploy a release.")

    async def unload(self, model_name: str) -> None:
        """Refuse."""
        raise RequestRefused(
            f"{model_name[:40]!r} cannot be unloaded by a client; stop the server."
        )


def build_application(
    dataplane: DataPlane, repository: ModelRepositoryExtension, config: ServingConfig
) -> FastAPI:
    """The HTTP application: ``/v1``, ``/v2``, ``/metrics`` and ``/openapi.json``."""
    app = FastAPI(title="UniECS encoder", docs_url=None, redoc_url=None)
    app.add_api_route("/", dataplane.live, include_in_schema=False)
    app.add_api_route("/metrics", metrics_handler, methods=["GET"], include_in_schema=False)
    register_v1_endpoints(app, dataplane, repository)
    register_v2_endpoints(app, dataplane, repository)
    for kind in STATUS:
        app.add_exception_handler(kind, _not_taken)
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(BodyLimit, limits=config.limits, seconds=config.body_seconds)
    return app


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestRefused):
        raise error
    headers = {"retry-after": "1"} if error.http_status == 503 else None
    return JSONResponse(error.body(), error.http_status, headers=headers)


async def _not_taken(request: Request, error: Exception) -> JSONResponse:
    status = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    message = str(error)[:300]
    kind = request.headers.get("content-type", "")
    if request.method == "POST" and "json" not in kind:
        message = f"The body is {kind[:60] or 'of no type'}; send content-type: application/json."
    return JSONResponse({"error": message, "code": "not_taken"}, status)


async def _malformed(_request: Request, error: Exception) -> JSONResponse:
    """The first places that do not fit; never the input itself, which may be large or private."""
    if not isinstance(error, RequestValidationError):
        raise error
    problems = error.errors()
    # KServe would also take bytes for a body; why JSON is not bytes helps nobody
    problems = [problem for problem in problems if "bytes" not in problem["loc"]] or problems
    places = [
        f"{'.'.join(str(part)[:40] for part in problem['loc'][:6])}: {str(problem['msg'])[:120]}"
        for problem in problems[:3]
    ]
    return JSONResponse({"error": "; ".join(places), "code": "malformed"}, 422)


async def _not_served(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    return JSONResponse({"error": error.detail, "code": "not_served"}, error.status_code)


async def _failed(_request: Request, error: Exception) -> JSONResponse:
    message = f"The server failed on this request: {type(error).__name__}."
    return JSONResponse({"error": message, "code": "internal"}, 500)
