"""Milvus Lite on demand: whichever command needs it first starts it, all others find it.

State under ``UNIECS_HOME``: ``milvus/`` (data), ``milvus-server.json`` (pid and port),
``milvus-server.lock`` (two commands that start at once get one server), ``milvus-server.log``.
"""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uniecs.errors import ServiceUnavailable
from uniecs.index.lite_process import HOST, process_identity
from uniecs.settings import Settings

START_SECONDS = 180.0  # 2 s on an idle machine, minutes on one with ten busy neighbours
STOP_SECONDS = 15.0
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class LiteServer:
    """A running Milvus Lite server."""

    pid: int
    port: int

    @property
    def uri(self) -> str:
        """Address for Milvus clients."""
        return f"http://{HOST}:{self.port}"


def ensure_lite_server(settings: Settings) -> LiteServer:
    """The running server of this ``UNIECS_HOME``, started if there is none.

    The process is detached: it outlives the command, holds none of its pipes, and keeps serving
    until `uniecs index stop` or until its folder is removed.

    Raises:
        ServiceUnavailable: When it does not come up; the message ends with its last log lines.
    """
    running = find_lite_server(settings)
    if running is not None:
        return running
    with _start_lock(settings.root):
        running = find_lite_server(settings)  # another command may have started it meanwhile
        return running if running is not None else _start(settings)


def find_lite_server(settings: Settings) -> LiteServer | None:
    """The running server, or None; a port file that outlived its process counts as none."""
    try:
        facts = json.loads(_port_file(settings.root).read_text(encoding="utf-8"))
        server = LiteServer(pid=int(facts["pid"]), port=int(facts["port"]))
        identity = facts["identity"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if process_identity(server.pid) != identity or not _listens(server.port):
        return None
    return server


def stop_lite_server(settings: Settings) -> bool:
    """Stop the server of this ``UNIECS_HOME``; False when none was running.

    Raises:
        ServiceUnavailable: When the process cannot be ended.
    """
    if not settings.root.is_dir():
        return False
    with _start_lock(settings.root):
        server = find_lite_server(settings)
        if server is None:
            return False
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(server.pid, sign)
            if _ended(server.pid):
                _port_file(settings.root).unlink(missing_ok=True)
                return True
    raise ServiceUnavailable(
        f"The Milvus Lite server with process id {server.pid} does not end; end it by hand."
    )


def _start(settings: Settings) -> LiteServer:
    root = settings.root
    data = root / "milvus"
    data.mkdir(parents=True, exist_ok=True)
    log_path = root / "milvus-server.log"
    command = [
        sys.executable, "-m", "uniecs.index.lite_process", str(data), str(_port_file(root))
    ]  # fmt: skip
    with log_path.open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 - our own module, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            close_fds=True,
            cwd=root,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        server = find_lite_server(settings)
        if server is not None:
            return server
        if process.poll() is not None:
            break
        time.sleep(_POLL_SECONDS)
    ended = process.poll()
    if ended is None:
        process.kill()
        process.wait()
    raise ServiceUnavailable(
        f"The Milvus Lite server on {data} "
        + (f"ended with code {ended}" if ended is not None else f"took over {START_SECONDS:g} s")
        + f"; its log {log_path} ends with: {_tail(log_path)!r}. "
        "If another process holds the folder, stop it, or set UNIECS_MILVUS_URI to a server."
    )


@contextlib.contextmanager
def _start_lock(root: Path) -> Iterator[None]:
    root.mkdir(parents=True, exist_ok=True)
    with (root / "milvus-server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _port_file(root: Path) -> Path:
    return root / "milvus-server.json"


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=2.0):
        return True
    return False


def _ended(pid: int) -> bool:
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # reap it when this process is the one that started it
        if process_identity(pid) is None:
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _tail(path: Path, characters: int = 400) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[-characters:].strip()
    except OSError:
        return ""
