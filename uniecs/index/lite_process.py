"""The Milvus Lite server: ``python -m uniecs.index.lite_process DATA_DIR PORT_FILE [IDLE]``.

Milvus Lite lets one process open a data folder; this is that process. The port is chosen by the
kernel and published in ``PORT_FILE`` only after the server listens, so whoever reads the file can
connect. SIGTERM closes the engine in order. A folder that was removed, or half an hour without a
request, ends the process too: the next command that needs it starts it again.
"""

import json
import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

WORKERS = 16
"""Requests answered at once; the engine itself is one interpreter."""

HOST = "127.0.0.1"
"""Loopback only: Milvus Lite knows no authentication."""

CHECK_SECONDS = 5.0

IDLE_SECONDS = 1800.0

_OPTIONS = [
    ("grpc.max_receive_message_length", 256 * 2**20),
    ("grpc.max_send_message_length", 256 * 2**20),
    # Clients ping every 10 s while they load a model; by default a server hangs up on that.
    ("grpc.http2.max_ping_strikes", 0),
    ("grpc.keepalive_permit_without_calls", 1),
]


def process_identity(pid: int) -> str | None:
    """Something that changes when ``pid`` is taken by another process; None when it is gone.

    The kernel's start time where /proc exists, else only that the process is alive.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return "foreign"
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return "alive"
    return None if fields[0] == "Z" else fields[19]


def serve(data_dir: Path, port_file: Path, *, idle_seconds: float = IDLE_SECONDS) -> None:
    """Serve ``data_dir`` until SIGTERM, SIGINT, the removal of the folder, or idleness."""
    import grpc
    from milvus_lite.adapter.grpc.server import milvus_pb2_grpc
    from milvus_lite.adapter.grpc.servicer import MilvusServicer
    from milvus_lite.db import MilvusLite

    class Activity(grpc.ServerInterceptor):  # type: ignore[misc]
        """When the last request came."""

        last = time.monotonic()

        def intercept_service(self, continuation: Any, details: Any) -> Any:
            self.last = time.monotonic()
            return continuation(details)

    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    engine = MilvusLite(str(data_dir))
    activity = Activity()
    pool = ThreadPoolExecutor(max_workers=WORKERS)
    server = grpc.server(pool, interceptors=(activity,), options=_OPTIONS)
    milvus_pb2_grpc.add_MilvusServiceServicer_to_server(MilvusServicer(engine), server)
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    publish(port_file, port)
    while not stop.wait(min(CHECK_SECONDS, idle_seconds)):
        if not data_dir.exists() or time.monotonic() - activity.last > idle_seconds:
            break
    server.stop(grace=2).wait()
    if data_dir.exists():
        engine.close()
        port_file.unlink(missing_ok=True)


def publish(port_file: Path, port: int) -> None:
    """Write the port file in one step."""
    pid = os.getpid()
    partial = port_file.with_name(f"{port_file.name}.{pid}")
    facts = {"pid": pid, "port": port, "identity": process_identity(pid)}
    partial.write_text(json.dumps(facts), encoding="utf-8")
    partial.replace(port_file)


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    idle = float(sys.argv[3]) if len(sys.argv) > 3 else IDLE_SECONDS
    serve(Path(sys.argv[1]), Path(sys.argv[2]), idle_seconds=idle)
