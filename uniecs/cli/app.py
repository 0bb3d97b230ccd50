"""The ``uniecs`` command: one verb for each step of the loop."""

import importlib

import typer

from uniecs.cli.runtime import run

app = typer.Typer(
    help="Product search by text, image or both: validate, train, evaluate, index, search.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

ROOMS: tuple[str, ...] = (
    "catalog", "train", "evaluate", "encode", "index", "search", "models", "benchmark",
    "compare", "export", "tune",
)  # fmt: skip
"""Modules of this package, each with ``register(app)``."""

for _room in ROOMS:
    importlib.import_module(f"uniecs.cli.{_room}").register(app)


def main() -> None:
    """Entry point of the console script."""
    run(app)


if __name__ == "__main__":
    main()
