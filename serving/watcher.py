"""Follows the release pointer: loads the new model beside the old, checks, switches, drains."""

import asyncio
import gc
import logging
import time
from collections.abc import Callable

from serving.config import ServingConfig
from serving.pointer import ReleasePointer, pointer_stamp, read_pointer
from serving.predictor.live import LiveModel, load_model
from serving.predictor.metrics import SWITCH_SECONDS, SWITCHES
from uniecs.errors import UniECSError
from uniecs.settings import Settings

log = logging.getLogger(__name__)


class ReleaseWatcher:
    """Keeps the live model what the release pointer names.

    Args:
        settings: Says where the pointer is.
        live: What answers requests.
        pointer: The release that ``live`` was started with.
        config: Times.
        on_change: Called after each attempt, so that the status file can be written.

    Attributes:
        pointer: The release that is live.
        last_error: Why the newest pointer is not live, or None.
        failed_revision: Revision of the pointer that failed, when it could be read.
    """

    def __init__(
        self,
        settings: Settings,
        live: LiveModel,
        pointer: ReleasePointer,
        *,
        config: ServingConfig,
        on_change: Callable[["ReleaseWatcher"], None],
    ) -> None:
        self.pointer = pointer
        self.last_error: str | None = None
        self.failed_revision: int | None = None
        self._settings = settings
        self._live = live
        self._config = config
        self._on_change = on_change
        self._seen: tuple[int, int, int] | None = None
        self._failures = 0
        self._retry_at = 0.0

    async def run(self) -> None:
        """Look at the pointer until cancelled; no error ends it."""
        while True:
            await self.look()
            await asyncio.sleep(self._config.poll_seconds)

    async def look(self) -> None:
        """Act on the pointer if it was replaced, or if its last attempt is due again."""
        stamp = pointer_stamp(self._settings)
        is_due = self.last_error is not None and time.monotonic() >= self._retry_at
        if stamp is None or (stamp == self._seen and not is_due):
            return
        if stamp != self._seen:
            self._failures = 0
        self._seen = stamp
        wanted: ReleasePointer | None = None
        try:
            wanted = read_pointer(self._settings)
            if wanted == self.pointer and self.last_error is None:
                return
            await self._follow(wanted)
        except UniECSError as error:
            self._keep_old(wanted, str(error))
        except Exception as error:  # a release that cannot be loaded must not end the old one
            self._keep_old(wanted, f"{type(error).__name__}: {error}")
        self._on_change(self)

    async def _follow(self, wanted: ReleasePointer) -> None:
        if wanted.model_version == self._live.model.model_version:
            self._accept(wanted)
            return
        started = time.perf_counter()
        folder = self._settings.root / wanted.model_folder  # an absolute folder stays as it is
        new = await asyncio.to_thread(load_model, folder, expected_version=wanted.model_version)
        old = self._live.replace(new)
        SWITCH_SECONDS.observe(time.perf_counter() - started)
        self._accept(wanted)
        self._on_change(self)  # whoever waits for the switch need not wait for the drain
        if not await old.drained(self._config.drain_seconds):
            log.warning("requests of the old model outlived %g s", self._config.drain_seconds)
        del old
        await asyncio.to_thread(gc.collect)  # tensors of the old model may sit in cycles

    def _accept(self, wanted: ReleasePointer) -> None:
        self.pointer, self.last_error, self.failed_revision = wanted, None, None
        self._failures = 0
        SWITCHES.labels("switched").inc()
        log.info("release %s is live: model %s", wanted.release_id, wanted.model_version)

    def _keep_old(self, wanted: ReleasePointer | None, reason: str) -> None:
        wait = min(self._config.retry_seconds * 2**self._failures, 300.0)
        self._failures += 1
        self._retry_at = time.monotonic() + wait
        self.last_error = reason
        self.failed_revision = wanted.revision if wanted else None
        SWITCHES.labels("failed").inc()
        log.error("release not put live, %s keeps answering: %s", self.pointer.release_id, reason)
