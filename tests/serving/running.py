"""What the tests of serving do with a server, a picture and a pointer."""

import asyncio
import base64
import io
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from serving.config import ServingConfig
from serving.pointer import pointer_path
from serving.server import LocalServer
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
