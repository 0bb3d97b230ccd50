"""A pipeline as a person runs it: a process of its own, with its time and memory measured."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).parents[2]
EVERY_S = 3.0
"""Reading the memory of a training process takes a tenth of a second and holds it up as long."""


@dataclass(frozen=True)
class Measured:
    """How a run went.

    Attributes:
        seconds: Wall clock of the command, from its start to its exit.
        peak_gib: Most memory that its processes held together when sampled, shared pages once.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float
    peak_gib: float


def run_measured(home: Path, *arguments: str) -> Measured:
    """Run ``python -m pipelines`` with ``arguments`` and ``UNIECS_HOME=home``."""
    with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        started, peak = time.perf_counter(), 0
        process = subprocess.Popen(
            [sys.executable, "-m", "pipelines", *arguments],
            cwd=REPOSITORY,
            env={**os.environ, "UNIECS_HOME": str(home)},
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                peak = max(peak, _held(home))
                try:
                    process.wait(EVERY_S)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if process.returncode is None:  # the test ran out of time: its steps end too
                os.killpg(process.pid, signal.SIGKILL)
        seconds = time.perf_counter() - started
        stdout.seek(0)
        stderr.seek(0)
        return Measured(process.wait(), stdout.read(), stderr.read(), seconds, peak / 2**30)


def _held(home: Path) -> int:
    """Proportional set sizes of the run's processes, with the server that it left running.

    They are known by their home: a server that was started on demand is nobody's child.
    """
    held = 0
    for process in psutil.process_iter():
        try:
            if process.environ().get("UNIECS_HOME") == str(home):
                held += process.memory_full_info().pss
        except psutil.Error:  # another user's, or gone meanwhile
            continue
    return held
