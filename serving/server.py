"""One server process: HTTP and gRPC on one event loop, around the live model."""

import asyncio
import logging
import os
from contextlib import suppress
from dataclasses import dataclass

import uvicorn
from grpc import aio
from kserve import ModelRepository
from kserve.protocol.grpc.grpc_predict_v2_pb2_grpc import add_GRPCInferenceServiceServicer_to_server
from kserve.protocol.grpc.interceptors import ExceptionToStatusInterceptor
from kserve.protocol.grpc.servicer import InferenceServicer

from serving.application import FixedRepository, ProbingDataPlane, build_application
from serving.config import ServingConfig
from serving.http_server import QuietServer, in_brackets, listen, port_taken
from serving.pointer import ReleasePointer
from serving.predictor.live import LiveModel, ServedModel
from serving.predictor.model import UniecsModel
from serving.status import ServerStatus, StatusFile
from serving.watcher import ReleaseWatcher
from uniecs.errors import ServiceUnavailable
from uniecs.settings import Settings

log = logging.getLogger(__name__)

PORT_OPTIONS = "--http-port and --grpc-port"


@dataclass(frozen=True, slots=True)
class Followed:
    """The release pointer that a server follows.

    Attributes:
        pointer: The release that the server starts with.
        status: Where the server reports; acquired by the caller.
    """

    settings: Settings
    pointer: ReleasePointer
    status: StatusFile


class LocalServer:
    """KServe's endpoints over HTTP and gRPC for one live model.

    Args:
        model: What answers first.
        config: Addresses, limits and times.
        followed: The release pointer to follow; None serves ``model`` for good.
    """

    def __init__(
        self, model: ServedModel, config: ServingConfig, *, followed: Followed | None = None
    ) -> None:
        self._config = config
        self._followed = followed
        self.live = LiveModel(model)
        self.http_url = ""
        self.grpc_url = ""
        self._http: uvicorn.Server | None = None
        self._grpc: aio.Server | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Bind both ports and answer on them.

        Raises:
            ServiceUnavailable: A port is taken.
        """
        repository = ModelRepository()
        repository.update(UniecsModel(self.live, self._config))
        dataplane = ProbingDataPlane(repository)
        fixed = FixedRepository(repository)
        listener = listen(self._config.host, self._config.http_port, options=PORT_OPTIONS)
        self.http_url = f"http://{in_brackets(self._config.host)}:{listener.getsockname()[1]}"
        try:
            await self._start_grpc(InferenceServicer(dataplane, fixed))
        except ServiceUnavailable:
            listener.close()
            raise
        application = build_application(dataplane, fixed, self._config)
        self._http = QuietServer(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_keep_alive=65,
                timeout_graceful_shutdown=int(self._config.drain_seconds),
            )
        )
        self._tasks.append(asyncio.create_task(self._http.serve(sockets=[listener])))
        while not self._http.started:
            await asyncio.sleep(0.005)
        if self._followed is not None:
            self._follow(self._followed)

    async def _start_grpc(self, servicer: InferenceServicer) -> None:
        size = self._config.limits.max_body_bytes
        self._grpc = aio.server(
            interceptors=(ExceptionToStatusInterceptor(),),
            options=[
                ("grpc.so_reuseport", 0),  # two servers must not share a port unnoticed
                ("grpc.max_send_message_length", size),
                ("grpc.max_receive_message_length", size),
            ],
        )
        add_GRPCInferenceServiceServicer_to_server(servicer, self._grpc)
        host, port = in_brackets(self._config.host), self._config.grpc_port
        try:
            bound = self._grpc.add_insecure_port(f"{host}:{port}")
        except RuntimeError as error:
            raise port_taken(host, port, options=PORT_OPTIONS) from error
        await self._grpc.start()
        self.grpc_url = f"{host}:{bound}"

    def _follow(self, followed: Followed) -> None:
        watcher = ReleaseWatcher(
            followed.settings,
            self.live,
            followed.pointer,
            config=self._config,
            on_change=self._report,
        )
        self._report(watcher)
        self._tasks.append(asyncio.create_task(watcher.run()))

    def _report(self, watcher: ReleaseWatcher) -> None:
        if self._followed is None:
            return
        model = self.live.model
        self._followed.status.write(
            ServerStatus(
                pid=os.getpid(),
                http_url=self.http_url,
                grpc_url=self.grpc_url,
                model_version=model.model_version,
                processor_digest=model.processor_digest,
                release_id=watcher.pointer.release_id,
                revision=watcher.pointer.revision,
                last_error=watcher.last_error,
                failed_revision=watcher.failed_revision,
            )
        )

    async def stop(self) -> None:
        """Take no more requests, answer those that run, and end."""
        serving, *watching = self._tasks
        for task in watching:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        if self._http is not None:
            self._http.should_exit = True
        if self._grpc is not None:
            await self._grpc.stop(grace=self._config.drain_seconds)
        await serving
