import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from serving.predictor.live import ServedModel, load_model
from tests.serving.conftest import Launch
from tests.serving.running import FREE_PORTS, RunningServer, b64, picture
from uniecs.errors import ModelError, ServiceUnavailable
from uniecs.inference.batching import BatchLimits, ItemEncoder
from uniecs.inference.items import Encoded, Item

READY = ("/v1/models/uniecs", "/v2/models/uniecs/ready", "/v2/health/ready")
NO_CACHE = FREE_PORTS.model_copy(update={"probe_age_seconds": 0.0, "probe_seconds": 0.5})


class Held:
    """A real encoder whose forward can be held at a gate."""

    def __init__(self, encoder: ItemEncoder) -> None:
        self.encoder = encoder
        self.dim = encoder.dim
        self.entered = threading.Event()
        self.gate = threading.Event()

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> Encoded:
        self.entered.set()
        self.gate.wait(20)
        return self.encoder.encode(items, batch_size=batch_size)


@pytest.fixture
def held(served: ServedModel, launch: Launch) -> tuple[Held, RunningServer]:
    encoder = Held(served.encoder)
    limits = BatchLimits(max_waiting_items=4, deadline_seconds=5)
    config = NO_CACHE.model_copy(update={"batches": limits})
    return encoder, launch(replace(served, encoder=encoder), config)


@pytest.mark.parametrize("path", READY)
def test_a_sound_model_is_ready(server: RunningServer, path: str) -> None:
    assert server.client.get(path).status_code == 200


@pytest.mark.parametrize("path", READY)
def test_a_server_whose_forward_gives_nonsense_is_alive_but_not_ready(
    tiny_model: Path, launch: Launch, path: str
) -> None:
    model = load_model(tiny_model)
    running = launch(model, NO_CACHE)
    assert running.client.get(path).status_code == 200

    for weights in model.encoder.model.parameters():
        weights.data.fill_(float("nan"))

    assert running.client.get(path).status_code == 503
    assert running.client.get("/v2/health/live").status_code == 200


def test_health_answers_while_a_request_is_computed(held: tuple[Held, RunningServer]) -> None:
    encoder, running = held
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(running.v1, {"text": "slow"})
        assert encoder.entered.wait(10)

        alive = running.client.get("/v2/health/live", timeout=2)
        ready = running.client.get("/v2/health/ready", timeout=5)

        encoder.gate.set()
        assert slow.result().status_code == 200
    assert alive.status_code == 200
    assert ready.status_code == 503  # a forward that hangs is no readiness
    assert running.client.get("/v2/health/ready").status_code == 200


def test_an_overloaded_server_says_503_and_recovers(held: tuple[Held, RunningServer]) -> None:
    encoder, running = held
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(running.v1, {"text": "first"})
        assert encoder.entered.wait(10)
        rest = [pool.submit(running.v1, {"text": str(n)}, {"text": "x"}) for n in range(6)]
        done = [one for one in rest if wait_for_refusal(one)]
        encoder.gate.set()
        answers = [one.result() for one in rest]

    refused = [answer for answer in answers if answer.status_code == 503]
    assert len(done) == len(refused) == 4  # two requests of two items fill the queue of four
    assert "max_waiting_items = 4" in refused[0].json()["error"]
    assert refused[0].headers["retry-after"] == "1"
    assert first.result().status_code == 200
    assert running.v1({"text": "after"}).status_code == 200


def wait_for_refusal(request) -> bool:
    try:
        return request.result(1).status_code == 503
    except TimeoutError:
        return False


def test_a_request_past_its_deadline_is_a_504(served: ServedModel, launch: Launch) -> None:
    encoder = Held(served.encoder)
    config = FREE_PORTS.model_copy(update={"batches": BatchLimits(deadline_seconds=0.1)})
    running = launch(replace(served, encoder=encoder), config)

    answer = running.v1({"text": "late"})

    encoder.gate.set()
    assert answer.status_code == 504
    assert "deadline_seconds = 0.1" in answer.json()["error"]


def test_a_stopping_server_answers_the_requests_that_run(
    served: ServedModel, launch: Launch
) -> None:
    encoder = Held(served.encoder)
    running = launch(replace(served, encoder=encoder))
    with ThreadPoolExecutor(2) as pool:
        request = pool.submit(running.v1, {"text": "just in time"})
        assert encoder.entered.wait(10)
        stopping = pool.submit(running.run, running.server.stop())
        with pytest.raises(TimeoutError):
            stopping.result(0.3)
        encoder.gate.set()

        assert request.result().status_code == 200
        stopping.result(20)


@pytest.mark.parametrize("which", ["http_port", "grpc_port"])
def test_a_taken_port_is_named(
    server: RunningServer, served: ServedModel, launch: Launch, which: str
) -> None:
    url = server.server.http_url if which == "http_port" else server.server.grpc_url
    port = int(url.rsplit(":")[-1])

    with pytest.raises(ServiceUnavailable, match=f"Cannot listen on 127.0.0.1:{port}"):
        launch(served, FREE_PORTS.model_copy(update={which: port}))


def test_an_altered_model_folder_is_refused_before_it_is_loaded(broken_model: Path) -> None:
    with pytest.raises(ModelError, match=r"model\.safetensors was changed"):
        load_model(broken_model)


def test_a_model_folder_without_a_file_is_refused(broken_model: Path) -> None:
    (broken_model / "config.json").unlink()

    with pytest.raises(ModelError, match=r"config\.json"):
        load_model(broken_model)


def test_metrics_show_the_model_the_batches_and_the_errors(server: RunningServer) -> None:
    server.v1({"text": "a", "image": {"b64": "!"}}, {"text": "a"})
    server.v2(text=["a"], image=[b64(picture())])

    lines = server.client.get("/metrics").text.splitlines()

    names = {line.split("{")[0].split(" ")[0] for line in lines if line.startswith("uniecs_")}
    assert {
        "uniecs_batch_items_count",
        "uniecs_encode_seconds_count",
        "uniecs_item_errors_total",
        "uniecs_gate_ratio_sum",
        "uniecs_model_info",
    } <= names
    assert any('uniecs_item_errors_total{code="base64"}' in line for line in lines)
