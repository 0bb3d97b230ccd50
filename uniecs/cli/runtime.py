"""What every command shares: messages on stderr, results on stdout, exit codes."""

import json
import os
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

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
    """Run a command: an error raised on purpose becomes one message and its exit code.

    So does a path that cannot be read or written, wherever it is met, and a database of another's
    making, such as MLflow's.
    """
    # Read when torch is loaded, here and in every step that is started: threads that wait for one
    # another soon sleep. Spinning, they lose several times the speed when anything else runs.
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")  # noqa: TID251 - no setting of ours
    try:
        app()
    except UniECSError as error:
        _say(str(error))
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}; check path, permissions and space on the disk.")
        raise SystemExit(1) from None
    except Exception as error:
        if not _is_of_a_database(error):
            raise
        _say(_about_database(error))
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        console.print("interrupted; finished parts are kept, run the command again to go on")
        raise SystemExit(1) from None


def _is_of_a_database(error: Exception) -> bool:
    from sqlalchemy.exc import SQLAlchemyError

    return isinstance(error, SQLAlchemyError)


def _about_database(error: Exception) -> str:
    """Our own database names itself in its errors; any other is told by its place."""
    from uniecs.settings import Settings

    reason = " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
    return (
        f"A database cannot be used: {reason}. It is mlflow.db or another under "
        f"{Settings().root}, or what UNIECS_MLFLOW_URI or UNIECS_DATABASE_URL names: check that it "
        "is whole, that it can be written, and space on the disk."
    )


def _say(message: str) -> None:
    """Literally: a message may quote brackets, which are no markup."""
    console.print(Text.assemble(("error:", "red"), " ", message), soft_wrap=True)
