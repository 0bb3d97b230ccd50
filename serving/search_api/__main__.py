"""``python -m serving.search_api``: answer searches of the live generation until stopped."""

from typing import Annotated

import typer

from uniecs.cli.runtime import emit_json, run

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command(epilog="Example: python -m serving.search_api --port 0")
def search_api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0 chooses a free port.")] = 8090,
    deadline: Annotated[
        float, typer.Option(min=0.01, help="Seconds for one search; past it, the answer is 504.")
    ] = 2.0,
) -> None:
    """Answer searches of the live generation over HTTP.

    Prints one JSON line with the URL when ready, and follows every swap of the index.
    """
    import asyncio

    from serving.search_api.config import SearchApiConfig
    from serving.search_api.server import configure_logs, serve
    from uniecs.settings import Settings

    configure_logs()
    config = SearchApiConfig(host=host, port=port, search_seconds=deadline)
    asyncio.run(serve(Settings(), config, on_ready=lambda url: emit_json({"url": url})))


if __name__ == "__main__":
    run(app)
