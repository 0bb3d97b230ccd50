"""Real servers on loopback: in a thread for most tests, in a process for the command."""

import asyncio
import base64
import io
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from serving.config import ServingConfig
from serving.pointer import ReleasePointer, pointer_path, read_pointer
from serving.predictor.live import ServedModel, load_model
from serving.server import Followed, LocalServer
from serving.status import StatusFile
from uniecs.encoder.folder import verify_model_folder
from uniecs.settings import Settings

FREE_PORTS = ServingConfig(http_port=0, grpc_port=0, poll_seconds=0.02, drain_seconds=5)


@dataclass
class RunningServer:
    """A server on an event loop of its own thread."""

    server: LocalServer
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def start(self) -> None:
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self.server.start())
        self.client = httpx.Client(base_url=self.server.http_url, timeout=60, trust_env=False)

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def stop(self) -> None:
        self.client.close()
        self.run(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def v1(self, *instances: dict, **more) -> httpx.Response:
        body = {"instances": list(instances)}
        return self.client.post("/v1/models/uniecs:predict", json=body, **more)

    def v2(self, **columns: list) -> httpx.Response:
        inputs = [
            {"name": name, "datatype": "BYTES", "shape": [len(values)], "data": values}
            for name, values in columns.items()
        ]
        return self.client.post("/v2/models/uniecs/infer", json={"inputs": inputs})


Launch = Callable[..., RunningServer]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """Start servers; all are stopped at the end of the test."""
    running = []

    def _launch(model: ServedModel, config: ServingConfig = FREE_PORTS, **more) -> RunningServer:
        running.append(RunningServer(LocalServer(model, config, **more)))
        running[-1].start()
        return running[-1]

    yield _launch
    for one in running:
        one.stop()


@pytest.fixture(scope="session")
def served(tiny_model: Path) -> ServedModel:
    return load_model(tiny_model)


@pytest.fixture(scope="session")
def server(served: ServedModel) -> Iterator[RunningServer]:
    """One server of the tiny model for all tests that only ask."""
    running = RunningServer(LocalServer(served, FREE_PORTS))
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def other_model(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of the same shape with other weights, so another version."""
    import torch

    from uniecs.encoder.folder import save_model_folder
    from uniecs.encoder.loading import load_model_folder

    model, processor, _ = load_model_folder(tiny_model)
    with torch.no_grad():
        for weights in model.parameters():
            weights.add_(
                0.05 * torch.randn(weights.shape, generator=torch.Generator().manual_seed(1))
            )
    folder = tmp_path_factory.mktemp("other") / "model"
    save_model_folder(model, processor, folder, card="# Another\n")
    return folder


@pytest.fixture
def broken_model(tiny_model: Path, tmp_path: Path) -> Path:
    """A model folder whose weights were altered after it was written."""
    folder = tmp_path / "broken"
    shutil.copytree(tiny_model, folder)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def picture(seed: int = 0, size: int = 40) -> bytes:
    """A PNG of random pixels."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def write_pointer(settings: Settings, folder: Path, revision: int, **changes) -> None:
    """Point at a model folder, atomically, as the releases room does."""
    manifest = verify_model_folder(folder) if "model_version" not in changes else None
    content = {
        "release_id": f"r-{revision}",
        "model_version": manifest.version if manifest else "",
        "model_folder": folder.as_posix(),
        "processor_digest": manifest.processor_digest if manifest else "",
        "generation": f"g-{revision}",
        "feature_service": "search",
        "revision": revision,
    } | changes
    path = pointer_path(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content))
    partial.replace(path)


@pytest.fixture
def follow(settings: Settings, launch: Launch) -> Iterator[Callable[..., RunningServer]]:
    """Start a server that follows the release pointer of ``settings``."""
    status = StatusFile(settings)

    def _follow(config: ServingConfig = FREE_PORTS) -> RunningServer:
        pointer: ReleasePointer = read_pointer(settings)
        status.acquire()
        model = load_model(pointer.model_folder)
        return launch(model, config, followed=Followed(settings, pointer, status))

    yield _follow
    status.release()
