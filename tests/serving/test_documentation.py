"""The commands of docs/serving.md do what the page says."""

import shutil
from pathlib import Path

import pytest

from tests.serving.page_commands import commands, run_as_reader
from tests.serving.running import RunningServer, picture


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize("block", commands("serving.md", "sh"))
def test_a_command_of_the_page_answers(server: RunningServer, tmp_path: Path, block: str) -> None:
    (tmp_path / "shirt.jpg").write_bytes(picture())

    printed = run_as_reader(
        block, tmp_path, written="http://127.0.0.1:8080", url=server.server.http_url
    )

    assert '"error":{' not in printed
