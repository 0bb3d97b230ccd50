"""Starts the workers of a cell and talks to them, one at a time."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.speed.machine import REPOSITORY

PEERS = REPOSITORY / ".venv-peers"
THREADS = 2


class ArmFailed(Exception):
    """An arm could not be built or run; the message says why."""


class Process:
    """One arm as a process of its own environment.

    Args:
        arm: ``uniecs``, ``open_clip`` or ``sentence_transformers``.
        suite: ``train``, ``encode`` or ``scaling``.
    """

    def __init__(self, arm: str, suite: str) -> None:
        self.arm = arm
        self.suite = suite
        python = interpreter(arm)
        if not python.is_file():
            raise ArmFailed("no environment; run: python -m benchmarks.speed peers")
        self._child = subprocess.Popen(
            [python, "-m", "benchmarks.speed.worker"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def prepare(self, spec: dict[str, Any]) -> dict[str, Any]:
        """Build the arm; returns what others need to know."""
        request = {"arm": self.arm, "suite": self.suite, "threads": THREADS, "spec": spec}
        return self._ask({"do": "prepare", **request})

    def run(self, task: str) -> float:
        """Seconds of one trial."""
        return float(self._ask({"do": "run", "task": task})["seconds"])

    def facts(self) -> dict[str, Any]:
        """Peak memory, versions, and what else the arm knows."""
        return self._ask({"do": "facts"})

    def close(self) -> None:
        """End the process."""
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                pipe.close()
        try:
            self._child.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        if self._child.stdin is None or self._child.stdout is None:
            raise ArmFailed("the pipe is closed")
        try:
            self._child.stdin.write(json.dumps(request) + "\n")
            self._child.stdin.flush()
            line = self._child.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ArmFailed(f"the process ended with {self._child.wait()} (see stderr)")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ArmFailed(answer["error"])
        return answer


def interpreter(arm: str) -> Path:
    """The interpreter of an arm: ours, or that of the peers' environment."""
    return Path(sys.executable) if arm == "uniecs" else PEERS / "bin" / "python"


@contextmanager
def processes(arms: list[str], suite: str) -> Iterator[tuple[dict[str, Process], dict[str, str]]]:
    """Start one process per arm; yields those that started, and why the others did not."""
    started: dict[str, Process] = {}
    failed: dict[str, str] = {}
    try:
        for arm in arms:
            try:
                started[arm] = Process(arm, suite)
            except ArmFailed as error:
                failed[arm] = str(error)
        yield started, failed
    finally:
        for process in started.values():
            process.close()
