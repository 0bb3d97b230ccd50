"""The process of one arm: reads one JSON request per line from stdin, answers one per line.

Requests: ``{"do": "prepare", "arm", "suite", "threads", "spec"}``, ``{"do": "run", "task"}`` and
``{"do": "facts"}``. It runs in the environment of its arm, so it imports nothing of ours.
"""

import ctypes
import gc
import importlib
import json
import os
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol, TextIO

PACKAGES = ("torch", "transformers", "sentence-transformers", "open_clip_torch", "uniecs")


class Arm(Protocol):
    """What a file in ``arms/`` offers as ``Arm``."""

    def __init__(self, spec: dict[str, Any]) -> None:
        """Build the model and keep its inputs ready."""

    def run(self, task: str) -> None:
        """Run one trial."""

    def ready(self) -> dict[str, Any]:
        """What the other arms have to know before they are built."""

    def facts(self) -> dict[str, Any]:
        """What is measured beside time, after all trials."""


class Worker:
    """Holds the arm of this process."""

    def __init__(self) -> None:
        self.arm: Arm | None = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what a request asks."""
        if request["do"] == "prepare":
            return self._prepare(request)
        if self.arm is None:
            raise RuntimeError("prepare the arm first")
        if request["do"] == "run":
            gc.collect()
            start = time.perf_counter()
            self.arm.run(request["task"])
            return {"seconds": time.perf_counter() - start}
        peak = _peak_mb()  # before the arm measures anything else
        return {"peak_mb": peak, "versions": _versions(), **self.arm.facts()}

    def _prepare(self, request: dict[str, Any]) -> dict[str, Any]:
        import torch

        torch.set_num_threads(request["threads"])
        module = importlib.import_module(
            f"benchmarks.speed.arms.{request['arm']}_{request['suite']}"
        )
        self.arm = module.Arm(request["spec"])
        ready = self.arm.ready()
        _forget_peak()
        return ready


def _forget_peak() -> None:
    """Count the peak of memory anew: building a model needs more than using it."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def _peak_mb() -> float:
    """Largest resident memory of this process since it was ready."""
    status = Path("/proc/self/status").read_text().splitlines()
    kilobytes = next(line.split()[1] for line in status if line.startswith("VmHWM"))
    return int(kilobytes) / 1024


def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0]}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer until the parent closes the pipe; a failed request is answered with its error."""
    worker = Worker()
    for line in requests:
        try:
            answer = worker.answer(json.loads(line))
        except Exception as error:  # whatever a library raises is the parent's to report
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libraries may print; the pipe carries answers only
    serve(sys.stdin, replies)
