"""The commands of docs/serving.md do what the page says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serving.running import RunningServer, picture

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize("block", BLOCKS)
def test_a_command_of_the_page_answers(server: RunningServer, tmp_path: Path, block: str) -> None:
    (tmp_path / "shirt.jpg").write_bytes(picture())
    script = block.replace("http://127.0.0.1:8080", server.server.http_url)
    script = script.replace("curl -s", "curl -s --fail-with-body --noproxy '*'")

    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout
    assert '"error":{' not in done.stdout
