import gc
import json
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from serving.pointer import pointer_path
from serving.status import StatusFile, running_server
from tests.serving.running import RunningServer, b64, picture, write_pointer
from uniecs.encoder.folder import verify_model_folder
from uniecs.errors import ServiceUnavailable
from uniecs.inference.encoder import Encoder
from uniecs.inference.items import Item
from uniecs.settings import Settings

Follow = Callable[..., RunningServer]


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)


def version(folder: Path) -> str:
    return verify_model_folder(folder).version


def live(running: RunningServer) -> str:
    return running.v1({"text": "which"}).json()["model_version"]


def test_a_new_release_is_loaded_and_answers_and_the_old_model_is_let_go(
    settings: Settings, follow: Follow, tiny_model: Path, other_model: Path
) -> None:
    write_pointer(settings, tiny_model, 1)
    running = follow()
    old = weakref.ref(running.server.live.model.encoder)
    assert live(running) == version(tiny_model)

    write_pointer(settings, other_model, 2)
    until(lambda: live(running) == version(other_model))

    status = running_server(settings)
    assert status is not None
    assert (status.revision, status.model_version) == (2, version(other_model))
    assert status.last_error is None
    until(lambda: gc.collect() >= 0 and old() is None)
    metrics = running.client.get("/metrics").text
    assert f'uniecs_model_info{{model_version="{version(other_model)}"' in metrics
    assert f'uniecs_model_info{{model_version="{version(tiny_model)}"' not in metrics


def test_every_request_during_switches_is_answered_wholly_by_one_model(
    settings: Settings, follow: Follow, tiny_model: Path, other_model: Path
) -> None:
    image = picture()
    body = [{"text": "red mug"}, {"image": {"b64": b64(image)}}] * 4
    items = [Item("t", "red mug"), Item("i", image=image)] * 4
    folders = (tiny_model, other_model)
    expected = {version(f): Encoder.load(f).encode(items).vectors for f in folders}
    write_pointer(settings, tiny_model, 1)
    running = follow()
    stop = threading.Event()
    answers: list = []

    def ask() -> None:
        while not stop.is_set():
            answers.append(running.v1(*body))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for revision in range(2, 6):
        folder = folders[(revision + 1) % 2]
        write_pointer(settings, folder, revision)
        until(lambda folder=folder: live(running) == version(folder))
    stop.set()
    for thread in threads:
        thread.join()

    seen = set()
    for answer in answers:
        assert answer.status_code == 200, answer.text
        found = answer.json()
        seen.add(found["model_version"])
        vectors = [prediction["vector"] for prediction in found["predictions"]]
        np.testing.assert_allclose(vectors, expected[found["model_version"]], atol=1e-5)
    assert seen == set(expected)


@pytest.mark.parametrize("problem", ["altered", "missing", "other version", "malformed pointer"])
def test_a_release_that_cannot_be_loaded_keeps_the_old_one_and_says_why(
    settings: Settings,
    follow: Follow,
    tiny_model: Path,
    other_model: Path,
    broken_model: Path,
    problem: str,
) -> None:
    write_pointer(settings, tiny_model, 1)
    running = follow()

    if problem == "altered":
        write_pointer(settings, broken_model, 2, model_version="m-new")
    elif problem == "missing":
        write_pointer(settings, broken_model / "gone", 2, model_version="m-new")
    elif problem == "other version":
        write_pointer(settings, other_model, 2, model_version="m-new")
    else:
        pointer_path(settings).write_text('{"revision": ')

    until(lambda: (running_server(settings) or failing()).last_error is not None)
    status = running_server(settings)
    assert status is not None
    assert status.revision == 1
    assert status.failed_revision == (None if problem == "malformed pointer" else 2)
    assert live(running) == version(tiny_model)
    assert running.client.get("/v2/health/ready").status_code == 200

    write_pointer(settings, other_model, 3)
    until(lambda: live(running) == version(other_model))
    until(lambda: (running_server(settings) or failing()).last_error is None)


def failing() -> None:
    raise AssertionError("the server is gone")


def test_a_new_release_of_the_same_model_is_followed_without_loading(
    settings: Settings, follow: Follow, tiny_model: Path
) -> None:
    write_pointer(settings, tiny_model, 1)
    running = follow()
    encoder = running.server.live.model.encoder

    write_pointer(settings, tiny_model, 2)
    until(lambda: (running_server(settings) or failing()).revision == 2)

    assert running.server.live.model.encoder is encoder


def test_a_pointer_that_disappears_changes_nothing_until_it_is_back(
    settings: Settings, follow: Follow, tiny_model: Path
) -> None:
    write_pointer(settings, tiny_model, 1)
    running = follow()

    pointer_path(settings).unlink()
    assert live(running) == version(tiny_model)
    write_pointer(settings, tiny_model, 2)

    until(lambda: (running_server(settings) or failing()).revision == 2)


def test_one_home_has_one_server_and_a_dead_ones_status_is_ignored(settings: Settings) -> None:
    first = StatusFile(settings)
    first.acquire()
    with pytest.raises(ServiceUnavailable, match="Another server"):
        StatusFile(settings).acquire()
    first.release()

    settings.root.joinpath("serving.json").write_text(json.dumps({"pid": 1}))

    assert running_server(settings) is None
    StatusFile(settings).acquire()
