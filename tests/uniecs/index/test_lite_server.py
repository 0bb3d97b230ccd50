"""Milvus Lite on demand: one server, found by all, holding on to nobody's pipes."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from uniecs.errors import ServiceUnavailable
from uniecs.index.lite_process import process_identity
from uniecs.index.lite_server import ensure_lite_server, find_lite_server, stop_lite_server
from uniecs.index.milvus import Milvus, connect
from uniecs.settings import Settings


@pytest.fixture
def home(settings: Settings) -> Iterator[Settings]:
    yield settings
    stop_lite_server(settings)


def start_elsewhere(settings: Settings) -> str:
    """Start the server from another process, and read its stdout to the end."""
    code = (
        "from uniecs.settings import Settings\n"
        "from uniecs.index.lite_server import ensure_lite_server\n"
        f"print(ensure_lite_server(Settings(home={str(settings.home)!r})).pid)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=90, check=True
    )
    return done.stdout.strip()


def test_commands_that_start_at_once_get_one_server_that_holds_no_pipe(home: Settings) -> None:
    with ThreadPoolExecutor(2) as pool:  # returning at all proves that stdout was closed
        pids = set(pool.map(start_elsewhere, [home, home]))

    server = find_lite_server(home)
    assert server is not None
    assert pids == {str(server.pid)}
    assert connect(home).capabilities.version.startswith("milvus_lite")
    assert stop_lite_server(home)
    assert find_lite_server(home) is None
    assert not stop_lite_server(home)


def test_a_port_file_that_outlived_its_server_is_not_believed(home: Settings) -> None:
    first = ensure_lite_server(home)
    path = home.root / "milvus-server.json"
    facts = json.loads(path.read_text())
    stop_lite_server(home)

    path.write_text(json.dumps(facts | {"pid": 1, "identity": "0"}))  # taken by another process

    assert find_lite_server(home) is None
    assert ensure_lite_server(home).pid not in (1, first.pid)


def test_the_server_ends_when_its_folder_is_removed(home: Settings) -> None:
    server = ensure_lite_server(home)

    shutil.rmtree(home.root)

    deadline = time.monotonic() + 30
    while process_identity(server.pid) is not None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert process_identity(server.pid) is None


def test_a_server_that_nobody_asks_anything_ends(home: Settings) -> None:
    (home.root / "milvus").mkdir(parents=True)
    arguments = [home.root / "milvus", home.root / "milvus-server.json", "1"]

    done = subprocess.run(
        [sys.executable, "-m", "uniecs.index.lite_process", *map(str, arguments)],
        check=False,
        timeout=120,
    )

    assert done.returncode == 0
    assert find_lite_server(home) is None
    assert not arguments[1].exists()


def test_a_folder_that_another_process_holds_gives_a_readable_error(home: Settings) -> None:
    from milvus_lite.db import MilvusLite

    data = home.root / "milvus"
    data.mkdir(parents=True)
    holder = MilvusLite(str(data))

    with pytest.raises(ServiceUnavailable, match=r"ended with code 1.*UNIECS_MILVUS_URI"):
        ensure_lite_server(home)

    holder.close()


def test_a_server_that_does_not_answer_is_named_with_what_to_do(settings: Settings) -> None:
    away = settings.model_copy(update={"milvus_uri": "http://127.0.0.1:9"})

    with pytest.raises(ServiceUnavailable, match=r"http://127.0.0.1:9.*UNIECS_MILVUS_URI"):
        connect(away, timeout=2)


def test_a_server_that_went_away_is_unavailable_not_a_traceback(home: Settings) -> None:
    milvus = Milvus(ensure_lite_server(home).uri, timeout=2)
    stop_lite_server(home)

    with pytest.raises(ServiceUnavailable, match="does not answer"):
        milvus.collections()
