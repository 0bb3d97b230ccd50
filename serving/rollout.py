"""Putting a release live and proving it: on the local server, or on one started for the proof."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from serving.checking import ServerCheck, check_server
from serving.pointer import ReleasePointer, read_pointer
from serving.status import ServerStatus, running_server
from serving.temporary import temporary_server
from uniecs.errors import ModelError, ServiceUnavailable, UniECSError
from uniecs.settings import Settings

POLL_SECONDS = 0.1
BUSY_SECONDS = 60.0
"""A server that switched and is too busy to answer the check is asked again for this long."""


class RolloutReport(BaseModel):
    """How a release went live.

    Attributes:
        server: ``local`` when a running server switched to it, ``temporary`` when a server was
            started only to prove that the model serves.
        revision: Revision of the release pointer that is live; None on a temporary server.
        seconds: From the call to the end of the check.
        check: What real requests found.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    model_version: str
    server: Literal["local", "temporary"]
    http_url: str
    revision: int | None
    seconds: float
    check: ServerCheck


def deploy_release(
    settings: Settings,
    *,
    model_folder: Path,
    model_version: str,
    point: Callable[[], object],
    undo: Callable[[], object],
    timeout: float = 300.0,
) -> RolloutReport:
    """Move the release pointer, with proof that the model serves; a failure keeps the old.

    A running local server is pointed at the release and must answer with it. When none runs, a
    temporary server process must answer real requests before the pointer is moved.

    Args:
        settings: Whose pointer and whose server.
        model_folder: The release's model folder.
        model_version: The release's model version.
        point: Moves the release pointer to the release.
        undo: Moves the pointer back; called only when the running server could not follow or
            did not answer.
        timeout: For the server to become ready, or to switch, seconds.

    Raises:
        ModelError: The model cannot be served.
        ServiceUnavailable: The server does not answer in time.
    """
    if running_server(settings) is None:
        report = check_temporarily(model_folder, model_version, timeout=timeout)
        point()
        return report
    point()
    try:
        return wait_until_live(settings, model_version, timeout)
    except UniECSError as failure:
        _move_back(undo, failure)
        raise


def _move_back(undo: Callable[[], object], failure: UniECSError) -> None:
    try:
        undo()
    except UniECSError as error:
        raise ServiceUnavailable(
            f"{failure} And the release pointer could not be moved back: {error}"
        ) from failure


def check_temporarily(
    model_folder: Path, model_version: str, *, timeout: float = 300.0
) -> RolloutReport:
    """Serve a model folder on free ports, check V1 and V2 requests, and stop.

    Raises:
        ModelError: The model cannot be served.
        ServiceUnavailable: The server does not answer in time.
    """
    from uniecs.encoder.folder import verify_model_folder

    started = time.monotonic()
    if (found := verify_model_folder(model_folder).version) != model_version:
        raise ModelError(
            f"{model_folder} holds model version {found}, not {model_version}; deploy the release "
            "with the folder that it was registered with."
        )
    with temporary_server(model_folder, timeout=timeout) as http_url:
        check = check_server(http_url, model_version)
    return RolloutReport(
        model_version=model_version,
        server="temporary",
        http_url=http_url,
        revision=None,
        seconds=round(time.monotonic() - started, 3),
        check=check,
    )


def wait_until_live(
    settings: Settings, model_version: str, timeout: float = 300.0
) -> RolloutReport:
    """Wait until the running local server answers with what the release pointer names.

    Args:
        settings: Whose pointer and whose server.
        model_version: The one that the pointer names.
        timeout: Seconds.

    Raises:
        ModelError: The server could not load the release and keeps the old one.
        ServiceUnavailable: No server runs, it did not switch in time, or another release was
            deployed meanwhile.
    """
    started = time.monotonic()
    while True:
        pointer = read_pointer(settings)
        status = running_server(settings)
        if status is not None and _is_live(status, pointer, model_version):
            break
        if time.monotonic() - started > timeout:
            raise ServiceUnavailable(
                f"The local server did not switch to {model_version} within {timeout:g} s; it "
                f"serves {status.model_version if status else 'nothing'}. Look at its log."
            )
        time.sleep(POLL_SECONDS)
    check = _check_patiently(status.http_url, model_version)
    return RolloutReport(
        model_version=model_version,
        server="local",
        http_url=status.http_url,
        revision=status.revision,
        seconds=round(time.monotonic() - started, 3),
        check=check,
    )


def _check_patiently(http_url: str, model_version: str) -> ServerCheck:
    """Check a server that has customers too: 503 and 504 of a full queue say nothing of a model."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return check_server(http_url, model_version)
        except ServiceUnavailable:
            if time.monotonic() >= deadline:
                raise
        time.sleep(POLL_SECONDS)


def _is_live(status: ServerStatus, pointer: ReleasePointer, model_version: str) -> bool:
    if pointer.model_version != model_version:
        raise ServiceUnavailable(
            f"The release pointer names {pointer.model_version} by now, not {model_version}: "
            "another release was deployed meanwhile. Deploy again if this one is wanted."
        )
    if status.failed_revision == pointer.revision:
        raise ModelError(
            f"The local server keeps {status.model_version}, it could not put {model_version} "
            f"live: {status.last_error}"
        )
    return status.revision == pointer.revision and status.model_version == model_version
