"""``python -m serving``: serve the released model, or any model folder, until stopped."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from uniecs.cli.runtime import console, emit_json, run

if TYPE_CHECKING:
    from serving.config import ServingConfig
    from serving.server import Followed, LocalServer

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

PORT = typer.Option(min=0, max=65_535, help="0 chooses a free port.")


@app.command(epilog="Example: python -m serving --model runs/small/model --http-port 0")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    http_port: Annotated[int, PORT] = 8080,
    grpc_port: Annotated[int, PORT] = 8081,
    model: Annotated[
        Path | None,
        typer.Option(help="Serve this model folder; by default the live release, and the next."),
    ] = None,
) -> None:
    """Serve the encoder over KServe's V1 and V2 protocols (HTTP and gRPC).

    Prints one JSON line with both URLs when ready. Without --model it follows the release pointer
    of UNIECS_HOME: a new release is loaded beside the old one, checked, and switched to.
    """
    import asyncio

    from serving.config import ServingConfig

    config = ServingConfig(host=host, http_port=http_port, grpc_port=grpc_port)
    asyncio.run(_serve(config, model))


async def _serve(config: "ServingConfig", folder: Path | None) -> None:
    import asyncio
    import signal

    stopped = asyncio.Event()
    for kind in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(kind, stopped.set)
    followed = None if folder else _release()
    try:
        server = await asyncio.to_thread(_build, config, folder, followed)
        await server.start()
        emit_json(
            {
                "http_url": server.http_url,
                "grpc_url": server.grpc_url,
                "model": "uniecs",
                "model_version": server.live.model.model_version,
                "processor_digest": server.live.model.processor_digest,
            }
        )
        await stopped.wait()
        console.print("stopping: running requests are answered first")
        await server.stop()
    finally:
        if followed is not None:
            followed.status.release()


def _release() -> "Followed":
    from serving.pointer import read_pointer
    from serving.status import StatusFile
    from uniecs.settings import Settings

    settings = Settings()
    pointer = read_pointer(settings)
    status = StatusFile(settings)
    status.acquire()

    from serving.server import Followed

    return Followed(settings, pointer, status)


def _build(
    config: "ServingConfig", folder: Path | None, followed: "Followed | None"
) -> "LocalServer":
    from uniecs.encoder.folder import verify_model_folder

    path = (folder or Path()).absolute()
    expected = None
    if followed is not None:
        path = followed.settings.root / followed.pointer.model_folder
        expected = followed.pointer.model_version
    verify_model_folder(path)  # before seconds of imports, so that a wrong path is told at once

    from serving.logs import configure_logs
    from serving.predictor.live import load_model
    from serving.server import LocalServer

    configure_logs()
    return LocalServer(load_model(path, expected_version=expected), config, followed=followed)


if __name__ == "__main__":
    run(app)
