"""Makes the environment that the peers live in; its packages would break ours."""

import subprocess
import sys

from benchmarks.speed.machine import REPOSITORY
from benchmarks.speed.processes import PEERS

REQUIREMENTS = REPOSITORY / "benchmarks" / "peers.in"
OPEN_CLIP = "open_clip_torch==3.3.0"


def make_peers() -> None:
    """Create ``.venv-peers`` and install the peers; again is quick.

    Raises:
        CalledProcessError: When a package cannot be installed.
    """
    python = PEERS / "bin" / "python"
    if not python.is_file():
        _run("venv", str(PEERS), "--python", sys.executable)
    _install("-r", str(REQUIREMENTS))
    _install("--no-deps", OPEN_CLIP)


def _install(*arguments: str) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.find-links"],
        capture_output=True,
        text=True,
        check=False,
    )
    links = found.stdout.split()  # uv does not read pip's settings
    options = [option for link in links for option in ("--find-links", link)]
    _run("pip", "install", "--python", str(PEERS / "bin" / "python"), *options, *arguments)


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", *arguments], check=True)
