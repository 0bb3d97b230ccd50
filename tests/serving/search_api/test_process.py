"""The command and the client, as a storefront uses them."""

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serving.page_commands import commands, run_as_reader
from tests.shop import Shop
from uniecs.client import SearchClient
from uniecs.errors import FilterError, ServiceUnavailable

REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True)
class Process:
    url: str
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def command(shop: Shop) -> Iterator[Process]:
    """``python -m serving.search_api``, ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "serving.search_api", "--port", "0", "--deadline", "60"],
        cwd=REPOSITORY,
        env={"UNIECS_HOME": str(shop.settings.root), "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    if not line:
        pytest.fail(process.communicate()[1])
    yield Process(json.loads(line)["url"], process)
    if process.poll() is None:
        process.kill()
    process.communicate()


def test_the_client_finds_what_the_index_holds(command: Process, shop: Shop, picture: Path) -> None:
    with SearchClient(command.url, timeout=60) as client:
        found = client.search(text="red mug", where="price < 1000", top_k=4)
        by_path = client.search(image=picture, top_k=3)
        by_bytes = client.search(image=picture.read_bytes(), top_k=3)
        with pytest.raises(FilterError, match="colour") as error:
            client.search(text="mug", where="price < 5 or colour == 'red'")

    assert (found.generation, found.model_version) == (shop.generation, shop.encoder.model_version)
    assert len(found.hits) == 4
    assert all(hit.price is not None and hit.price < 1000 for hit in found.hits)
    assert by_path.hits == by_bytes.hits
    assert by_path.hits[0].product_id in shop.catalog.by_id
    assert error.value.position == 13


@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl on this machine")
@pytest.mark.parametrize("block", commands("serving.md", "bash"))
def test_a_command_of_the_page_answers(
    command: Process, block: str, tmp_path: Path, picture: Path
) -> None:
    shutil.copy(picture, tmp_path / "shirt.jpg")

    run_as_reader(block, tmp_path, written="http://127.0.0.1:8090", url=command.url)


def test_a_taken_port_is_one_readable_message(command: Process) -> None:
    port = command.url.rsplit(":", 1)[1]

    done = subprocess.run(
        [sys.executable, "-m", "serving.search_api", "--port", port],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_ends_when_told_and_has_logged_no_text(command: Process) -> None:
    with SearchClient(command.url, timeout=60) as client:
        client.search(text="a very private wish")
        command.process.send_signal(signal.SIGTERM)
        _, log = command.process.communicate(timeout=60)

        assert command.process.returncode == 0
        assert "private" not in log
        with pytest.raises(ServiceUnavailable, match=re.escape(command.url)):
            client.search(text="mug")
