"""Commands of a page of docs/, run as a reader would run them."""

import re
import subprocess
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


def commands(page: str, language: str) -> list[str]:
    """The blocks of docs/``page`` that are fenced as ``language``."""
    text = (DOCS / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def run_as_reader(block: str, folder: Path, *, written: str, url: str) -> str:
    """Run a block in ``folder`` against ``url`` instead of the address that is ``written`` there.

    Returns what it prints; fails when a command fails, an HTTP error included, or says nothing.
    """
    script = block.replace(written, url).replace(
        "curl -s", "curl -s --fail-with-body --noproxy '*'"
    )
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout
    return done.stdout
