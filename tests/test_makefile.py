"""What the Makefile reads from the project's files."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent


def test_the_slow_tests_install_the_milvus_that_its_extra_pins() -> None:
    if shutil.which("make") is None:
        pytest.skip("no make")
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    [pin] = project["optional-dependencies"]["milvus-server"]

    told = subprocess.run(
        ["make", "--dry-run", "--always-make", "test-slow"],
        cwd=REPOSITORY, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    assert f'--no-deps "{pin}"' in told
