"""Merges the items of concurrent requests into batches, one lane for each presence.

Lanes run side by side, so that a text never waits behind pictures. A lane that is free takes
whatever waits and never waits for more: an idle server adds no latency, a busy one fills batches.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from uniecs.catalog.presence import VIEWS, Presence
from uniecs.errors import ServiceUnavailable
from uniecs.inference.items import Encoded, Item, ItemError

log = logging.getLogger(__name__)


class ItemEncoder(Protocol):
    """The part of ``Encoder`` that batching needs; it is called from several threads."""

    @property
    def dim(self) -> int:
        """Length of a vector."""

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> Encoded:
        """Encode items, order kept, with an error for each item that cannot be encoded."""


class BatchLimits(BaseModel):
    """How much may be merged, may wait, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_batch_items: int = Field(default=64, ge=1)
    max_waiting_items: int = Field(default=1024, ge=1)
    deadline_seconds: float = Field(default=30.0, gt=0)


@dataclass(frozen=True, slots=True)
class BatchDone:
    """One batch that was encoded, for metrics."""

    presence: Presence
    items: int
    requests: int
    seconds: float


@dataclass(eq=False, slots=True)
class _Piece:
    """The items of one request that belong to one lane."""

    encoder: ItemEncoder
    items: list[Item]
    positions: list[int]
    answer: asyncio.Future[Encoded]


@dataclass(eq=False, slots=True)
class _Lane:
    presence: Presence
    waiting: deque[_Piece] = field(default_factory=deque)
    worker: asyncio.Task[None] | None = None


class MicroBatcher:
    """Encodes the items of concurrent requests together, off the event loop.

    Args:
        limits: Caps of batches and of what may wait.
        on_batch: Called on the event loop after each batch.
    """

    def __init__(
        self,
        limits: BatchLimits | None = None,
        *,
        on_batch: Callable[[BatchDone], None] | None = None,
    ) -> None:
        self.limits = limits or BatchLimits()
        self.waiting_items = 0
        self._on_batch = on_batch
        self._lanes = {presence: _Lane(presence) for presence in (Presence.NONE, *VIEWS)}

    async def encode(
        self, encoder: ItemEncoder, items: Sequence[Item], *, urgent: bool = False
    ) -> Encoded:
        """Encode ``items`` with ``encoder``, in order, merged with what other requests brought.

        Args:
            encoder: All items of one call are encoded by it alone.
            items: At least one item.
            urgent: Go to the front, also when the queue is full (for readiness checks).

        Raises:
            ServiceUnavailable: When more than ``max_waiting_items`` would wait.
            TimeoutError: When the deadline passed first.
        """
        if not urgent and self.waiting_items + len(items) > self.limits.max_waiting_items:
            raise ServiceUnavailable(
                f"{self.waiting_items} items wait already, the limit is max_waiting_items = "
                f"{self.limits.max_waiting_items}; try again in a second."
            )
        pieces = self._enqueue(encoder, items, urgent=urgent)
        try:
            async with asyncio.timeout(self.limits.deadline_seconds):
                answers = await asyncio.gather(*(piece.answer for piece in pieces))
        finally:
            for piece in pieces:
                piece.answer.cancel()  # a lane skips what nobody waits for
        return _assemble(items, encoder.dim, zip(pieces, answers, strict=True))

    def _enqueue(
        self, encoder: ItemEncoder, items: Sequence[Item], *, urgent: bool
    ) -> list[_Piece]:
        by_presence: dict[Presence, list[int]] = {}
        for position, item in enumerate(items):
            by_presence.setdefault(item.presence, []).append(position)
        loop = asyncio.get_running_loop()
        pieces = []
        for presence, positions in by_presence.items():
            chosen = [items[position] for position in positions]
            piece = _Piece(encoder, chosen, positions, loop.create_future())
            lane = self._lanes[presence]
            (lane.waiting.appendleft if urgent else lane.waiting.append)(piece)
            self.waiting_items += len(chosen)
            if lane.worker is None or lane.worker.done():
                lane.worker = loop.create_task(self._work(lane))
            pieces.append(piece)
        return pieces

    async def _work(self, lane: _Lane) -> None:
        while lane.waiting:
            pieces = self._take(lane)
            if not pieces:
                continue
            items = [item for piece in pieces for item in piece.items]
            started = time.perf_counter()
            encoded = await asyncio.to_thread(_encode_apart, pieces[0].encoder, items)
            if self._on_batch is not None:
                seconds = time.perf_counter() - started
                self._on_batch(BatchDone(lane.presence, len(items), len(pieces), seconds))
            _deliver(pieces, encoded)

    def _take(self, lane: _Lane) -> list[_Piece]:
        """The pieces at the head of a lane that fit in one batch of one encoder."""
        taken: list[_Piece] = []
        size = 0
        while lane.waiting:
            piece = lane.waiting[0]
            if not piece.answer.done():
                full = size + len(piece.items) > self.limits.max_batch_items
                if taken and (full or piece.encoder is not taken[0].encoder):
                    break
                taken.append(piece)
                size += len(piece.items)
            lane.waiting.popleft()
            self.waiting_items -= len(piece.items)
        return taken


def _encode_apart(encoder: ItemEncoder, items: list[Item]) -> Encoded:
    """Encode a batch; if it fails as a whole, each item alone, so that only culprits fail."""
    try:
        return encoder.encode(items, batch_size=len(items))
    except Exception as error:
        log.warning("encoding %d items failed: %s", len(items), type(error).__name__)
        if len(items) > 1:
            return _joined([_encode_apart(encoder, [item]) for item in items])
        failure = ItemError("internal", f"The encoder failed on this item: {type(error).__name__}.")
        return _blank(items, encoder.dim, failure)


def _blank(items: Sequence[Item], dim: int, error: ItemError | None) -> Encoded:
    return Encoded(
        ids=[item.id for item in items],
        vectors=np.zeros((len(items), dim), dtype=np.float32),
        gates=np.zeros((len(items), 2), dtype=np.float32),
        errors=[error] * len(items),
    )


def _joined(parts: list[Encoded]) -> Encoded:
    return Encoded(
        ids=[name for part in parts for name in part.ids],
        vectors=np.concatenate([part.vectors for part in parts]),
        gates=np.concatenate([part.gates for part in parts]),
        errors=[error for part in parts for error in part.errors],
    )


def _deliver(pieces: list[_Piece], encoded: Encoded) -> None:
    start = 0
    for piece in pieces:
        end = start + len(piece.items)
        if not piece.answer.done():
            piece.answer.set_result(
                Encoded(
                    ids=encoded.ids[start:end],
                    vectors=encoded.vectors[start:end],
                    gates=encoded.gates[start:end],
                    errors=encoded.errors[start:end],
                )
            )
        start = end


def _assemble(items: Sequence[Item], dim: int, answers: "zip[tuple[_Piece, Encoded]]") -> Encoded:
    """Put the pieces of one request back into the order of its items."""
    whole = _blank(items, dim, None)
    for piece, answer in answers:
        whole.vectors[piece.positions] = answer.vectors
        whole.gates[piece.positions] = answer.gates
        for position, error in zip(piece.positions, answer.errors, strict=True):
            whole.errors[position] = error
    return whole
