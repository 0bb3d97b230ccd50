"""A server process on free ports for as long as a check takes."""

import json
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import serving
from uniecs.errors import ModelError, ServiceUnavailable


@contextmanager
def temporary_server(model_folder: Path, *, timeout: float = 120.0) -> Iterator[str]:
    """Start ``python -m serving --model model_folder``; gives its HTTP URL, stops it at the end.

    Raises:
        ModelError: The server ended by itself; the message holds its last words.
        ServiceUnavailable: It was not ready within ``timeout`` seconds.
    """
    command = [sys.executable, "-m", "serving", "--http-port", "0", "--grpc-port", "0"]
    command += ["--model", str(model_folder.absolute())]
    checkout = Path(serving.__file__).parent.parent  # where python -m finds this package
    with tempfile.TemporaryFile("w+") as words:
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            command, cwd=checkout, stdout=subprocess.PIPE, stderr=words, text=True
        )
        try:
            yield _wait_until_ready(process, words, timeout)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _wait_until_ready(process: "subprocess.Popen[str]", words: IO[str], timeout: float) -> str:
    if process.stdout is None:
        raise ServiceUnavailable("The server was started without a pipe for its output.")
    deadline = time.monotonic() + timeout
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        if not selector.select(max(0.0, deadline - time.monotonic())):
            raise ServiceUnavailable(
                f"The server was not ready within {timeout:g} s; give it more time. "
                f"Its last words: {_tail(words)}"
            )
    line = process.stdout.readline()
    if not line:
        process.wait(15)
        raise ModelError(
            f"The server ended with code {process.returncode} before it was ready: {_tail(words)}"
        )
    return str(json.loads(line)["http_url"])


def _tail(words: IO[str]) -> str:
    words.seek(0)
    return words.read()[-1000:].strip() or "(none)"
