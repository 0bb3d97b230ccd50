"""Commands: index."""

import typer


def register(app: typer.Typer) -> None:
    """Add this room's commands to ``app``."""
