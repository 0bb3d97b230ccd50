"""What every command shares: messages on stderr, results on stdout, exit codes."""

import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from uniecs.errors import UniECSError

console = Console(stderr=True, highlight=False)
"""Progress and messages; stdout is for results."""


def emit_json(value: Any) -> None:
    """Write one JSON document to stdout."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return value.as_posix()
    if hasattr(value, "item"):  # numpy scalars
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def run(app: typer.Typer) -> None:
    """Run a command: an error raised on purpose becomes one message and its exit code."""
    try:
        app()
    except UniECSError as error:
        console.print(f"[red]error:[/red] {error}", markup=True, soft_wrap=True)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        console.print("interrupted; finished parts are kept, run the command again to go on")
        raise SystemExit(1) from None
