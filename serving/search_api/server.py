"""One search API process: an engine, warmed up, behind HTTP."""

import asyncio
import logging
import signal
import sys
from collections.abc import Callable

import uvicorn

from serving.http_server import QuietServer, in_brackets, listen
from serving.search_api.application import build_application
from serving.search_api.config import SearchApiConfig
from serving.search_api.readiness import PROBE
from uniecs.errors import UniECSError
from uniecs.search.engine import SearchEngine
from uniecs.search.features import FeatureJoin
from uniecs.settings import Settings

log = logging.getLogger(__name__)


def configure_logs() -> None:
    """Log to stderr; no request is logged, so no text of a customer is."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.WARNING,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


async def serve(
    settings: Settings, config: SearchApiConfig, *, on_ready: Callable[[str], None]
) -> None:
    """Answer searches until SIGTERM or SIGINT; running ones are answered first.

    A first search loads the encoder and the words before any customer waits for them. When it
    fails, for example because no generation is live yet, the server runs all the same and
    ``/readyz`` says why; the next search tries again.

    Args:
        settings: Installation whose live generation is searched.
        config: Address, limits and times.
        on_ready: Called with the URL once requests are answered.

    Raises:
        ServiceUnavailable: The port is taken.
    """
    listener = listen(config.host, config.port, options="--port")
    url = f"http://{in_brackets(config.host)}:{listener.getsockname()[1]}"
    features = FeatureJoin(settings, open_within_s=0.0)  # a server does not wait for Feast
    engine = SearchEngine(settings, features=features, milvus_seconds=config.search_seconds)
    try:
        await asyncio.to_thread(engine.search, PROBE)
    except UniECSError as error:
        log.warning("not ready: %s", error)
    server = QuietServer(
        uvicorn.Config(
            build_application(engine, config),
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=65,
            timeout_graceful_shutdown=config.drain_seconds,
        )
    )
    running = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not running.done():
        await asyncio.sleep(0.005)
    _stop_on_signals(server)
    on_ready(url)
    await running


def _stop_on_signals(server: uvicorn.Server) -> None:
    def stop() -> None:
        server.should_exit = True

    for kind in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(kind, stop)
