"""Run one step in a process of its own; optionally die at the n-th write to the disk."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from uniecs.steps import StepOutput, run_step

BOUNDARIES = ("fsync", "rename", "replace", "open", "unlink", "mkdir", "link")
PARTS = 4


def write_parts(folder: Path) -> dict[str, Any]:
    """Write files one by one, each in a single move, going on where a killed run stopped."""
    (folder / "parts").mkdir(exist_ok=True)
    for number in range(PARTS):
        part = folder / "parts" / f"{number}.txt"
        if not part.exists():
            unfinished = part.with_suffix(".tmp")
            unfinished.write_text(f"part {number}\n" * 200)
            unfinished.replace(part)
    (folder / ".progress").write_text("all parts")
    return {"parts": PARTS}


def run(home: Path, work: Callable[[Path], Mapping[str, Any]] = write_parts) -> StepOutput:
    """The step under test; without pydantic, because this process starts a hundred times."""
    return run_step(
        "parts",
        inputs={"seed": "7"},
        config={"parts": PARTS},
        code=["uniecs.errors"],
        work=work,
        settings=SimpleNamespace(steps_dir=home / "steps"),  # type: ignore[arg-type]
    )


def die_at(boundary: int) -> list[int]:
    """Make every call that changes the disk count itself, and kill this process at one of them.

    Even numbers die before the call, odd ones after it.
    """
    seen = [0]

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            for moment in ("before", "after"):
                if seen[0] == boundary:
                    os.kill(os.getpid(), signal.SIGKILL)
                seen[0] += 1
                if moment == "before":
                    result = call(*args, **kwargs)
            return result

        return wrapper

    for name in BOUNDARIES:
        setattr(os, name, counted(getattr(os, name)))
    return seen


if __name__ == "__main__":
    calls = die_at(int(sys.argv[2]))
    run(Path(sys.argv[1])).publish(Path(sys.argv[1]) / "artifact")
    sys.stdout.write(str(calls[0]))
