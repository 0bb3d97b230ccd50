"""Features of the hits, joined online; search never waits for them longer than it said it would."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from uniecs.experiments.feature_state import FeatureState, read_feature_state
from uniecs.settings import Settings

if TYPE_CHECKING:
    from uniecs.experiments.feast_store import OnlineFeatures
    from uniecs.experiments.feature_snapshots import FeatureValue

    _Values = dict[str, dict[str, FeatureValue]]

_LOG = logging.getLogger(__name__)
_RETRY_S = 5.0  # after a failure, time before the store is tried again


@dataclass(frozen=True, slots=True)
class JoinedFeatures:
    """Features of some products, or the reason why there are none.

    Attributes:
        status: What the answer of a search says under ``features``.
        values: product_id -> feature -> value (None where the store has none); empty when
            unavailable.
        reason: Why they are unavailable, for logs and ``explain``.
    """

    status: Literal["ok", "unavailable"]
    values: "_Values" = field(default_factory=dict)
    reason: str | None = None


class FeatureJoin:
    """Joins features to products, within a budget of time and without ever raising.

    One background thread owns the Feast store: its SQLite connection is not for several threads,
    and a store that hangs must not hang a search. It is opened for the first join after features
    were materialized, which imports Feast: seconds, once a process. Without materialized features
    nothing is imported and nothing is waited for.

    Args:
        settings: Installation.
        service: Feature service to join; by default the one that was materialized last.
        open_within_s: How long a join waits while the store is being opened. A command that
            searches once affords it; a server passes 0 and calls ``open`` when it starts.
        read_within_s: How long a join waits for values.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        settings: Settings,
        service: str | None = None,
        *,
        open_within_s: float = 20.0,
        read_within_s: float = 0.5,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._service = service
        self._open_within_s = open_within_s
        self._read_within_s = read_within_s
        self._clock = clock
        self._tasks: queue.SimpleQueue[tuple[Future[_Values], FeatureState, list[str]]]
        self._tasks = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._store: OnlineFeatures | None = None
        self._opened_for: FeatureState | None = None
        self._was_opened = False
        self._closed_until = float("-inf")

    def open(self) -> None:
        """Open the store in the background, if features were materialized; returns at once."""
        if (state := read_feature_state(self._settings)) is not None:
            self._submit(state, [])

    def join(self, product_ids: Sequence[str]) -> JoinedFeatures:
        """Features of the products, or ``unavailable`` with the reason."""
        state = read_feature_state(self._settings)
        if state is None:
            return JoinedFeatures("unavailable", reason="features were never materialized")
        if self._clock() < self._closed_until:
            return JoinedFeatures("unavailable", reason="the feature store failed a moment ago")
        opened = self._was_opened  # by now; what follows may open it
        future = self._submit(state, list(product_ids))
        try:
            within = self._read_within_s if opened else self._open_within_s
            return JoinedFeatures("ok", future.result(timeout=within))
        except FutureTimeout:
            future.cancel()  # the thread skips what nobody waits for any more
            if not opened:
                return JoinedFeatures("unavailable", reason="the feature store is being opened")
            return self._pause(f"the feature store took more than {self._read_within_s} s")
        except Exception as error:  # whatever Feast or a driver raises, search must go on
            return self._pause(f"{type(error).__name__}: {error}")

    def _submit(self, state: FeatureState, product_ids: list[str]) -> "Future[_Values]":
        future: Future[_Values] = Future()
        with self._lock:
            if self._thread is None:
                # a daemon: a hanging store must not keep the process from ending
                self._thread = threading.Thread(target=self._work, daemon=True, name="features")
                self._thread.start()
        self._tasks.put((future, state, product_ids))
        return future

    def _work(self) -> None:
        while True:
            future, state, product_ids = self._tasks.get()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._read(state, product_ids))
            except BaseException as error:
                future.set_exception(error)

    def _read(self, state: FeatureState, product_ids: list[str]) -> "_Values":
        store = self._store
        if store is None or self._opened_for != state:
            from uniecs.experiments.feast_store import OnlineFeatures

            # Feast caches its registry, so a new watermark needs a new store
            store = OnlineFeatures(self._settings, self._service or state.feature_service)
            self._store, self._opened_for, self._was_opened = store, state, True
        return store.read(product_ids)

    def _pause(self, reason: str) -> JoinedFeatures:
        """Answer without features, and let the store rest before the next try."""
        _LOG.warning("search goes on without features: %s", reason)
        self._store = None
        self._closed_until = self._clock() + _RETRY_S
        return JoinedFeatures("unavailable", reason=reason)
