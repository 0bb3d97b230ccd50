"""Batching is about who waits for whom, so the encoder here writes down each call and can wait."""

import asyncio
import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uniecs.errors import ServiceUnavailable
from uniecs.inference.batching import BatchDone, BatchLimits, MicroBatcher
from uniecs.inference.items import Encoded, Item, ItemError


class Recorder:
    """Encodes an item to a number made of its id; waits at a gate, fails on poison."""

    dim = 1

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.entered = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> Encoded:
        assert batch_size >= len(items)
        self.calls.append([item.id for item in items])
        self.entered.set()
        self.gate.wait(10)
        if any(item.text == "poison" for item in items):
            raise RuntimeError("poison")
        count = len(items)
        return Encoded(
            ids=[item.id for item in items],
            vectors=np.array([[float(item.id)] for item in items], dtype=np.float32),
            gates=np.ones((count, 2), dtype=np.float32),
            errors=[None] * count,
        )


def text(name: int, words: str = "mug") -> Item:
    return Item(str(name), text=words)


def image(name: int) -> Item:
    return Item(str(name), image=b"picture")


async def until(condition) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


@given(st.lists(st.lists(st.sampled_from("tib"), min_size=1, max_size=8), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_every_request_gets_its_own_items_in_its_own_order(requests: list[list[str]]) -> None:
    kinds = {"t": text, "i": image, "b": lambda name: Item(str(name), text="mug", image=b"x")}
    numbers = iter(range(1000))
    asked = [[kinds[kind](next(numbers)) for kind in request] for request in requests]

    async def ask() -> list[Encoded]:
        batcher = MicroBatcher(BatchLimits(max_batch_items=4))
        encoder = Recorder()
        return await asyncio.gather(*(batcher.encode(encoder, items) for items in asked))

    answers = asyncio.run(ask())

    for items, answer in zip(asked, answers, strict=True):
        assert answer.ids == [item.id for item in items]
        assert answer.vectors[:, 0].tolist() == [float(item.id) for item in items]


def test_requests_that_wait_are_merged_and_a_lone_one_is_not_held_up() -> None:
    encoder = Recorder()
    batches: list[BatchDone] = []

    async def ask() -> None:
        batcher = MicroBatcher(on_batch=batches.append)
        encoder.gate.clear()
        first = asyncio.create_task(batcher.encode(encoder, [text(0)]))
        await until(encoder.entered.is_set)
        rest = [asyncio.create_task(batcher.encode(encoder, [text(n)])) for n in (1, 2, 3)]
        await until(lambda: batcher.waiting_items == 3)
        encoder.gate.set()
        await asyncio.gather(first, *rest)
        assert batcher.waiting_items == 0

    asyncio.run(ask())

    assert encoder.calls == [["0"], ["1", "2", "3"]]
    assert [(batch.items, batch.requests) for batch in batches] == [(1, 1), (3, 3)]


def test_a_text_does_not_wait_behind_pictures() -> None:
    pictures, texts = Recorder(), Recorder()

    async def ask() -> None:
        batcher = MicroBatcher()
        pictures.gate.clear()
        slow = asyncio.create_task(batcher.encode(pictures, [image(1)]))
        await until(pictures.entered.is_set)
        answer = await batcher.encode(texts, [text(2)])
        assert answer.vectors[0, 0] == 2
        assert not slow.done()
        pictures.gate.set()
        await slow

    asyncio.run(ask())


def test_items_for_two_encoders_are_never_in_one_batch() -> None:
    old, new = Recorder(), Recorder()

    async def ask() -> None:
        batcher = MicroBatcher()
        old.gate.clear()
        tasks = [asyncio.create_task(batcher.encode(old, [text(0)]))]
        await until(old.entered.is_set)
        pairs = [(old, 1), (new, 2), (old, 3)]
        tasks += [asyncio.create_task(batcher.encode(who, [text(n)])) for who, n in pairs]
        await until(lambda: batcher.waiting_items == 3)
        old.gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())

    assert (old.calls, new.calls) == ([["0"], ["1"], ["3"]], [["2"]])


def test_one_poisonous_item_fails_alone() -> None:
    items = [text(1), text(2, "poison"), text(3)]

    answer = asyncio.run(MicroBatcher().encode(Recorder(), items))

    assert [error.code if error else None for error in answer.errors] == [None, "internal", None]
    assert answer.vectors[:, 0].tolist() == [1.0, 0.0, 3.0]
    assert isinstance(answer.errors[1], ItemError)
    assert "poison" not in answer.errors[1].message  # an exception may quote the customer's text


def test_a_full_queue_refuses_at_once_but_lets_a_readiness_check_pass() -> None:
    encoder = Recorder()

    async def ask() -> None:
        batcher = MicroBatcher(BatchLimits(max_waiting_items=2))
        encoder.gate.clear()
        tasks = [asyncio.create_task(batcher.encode(encoder, [text(0)]))]
        await until(encoder.entered.is_set)
        tasks.append(asyncio.create_task(batcher.encode(encoder, [text(1), text(2)])))
        await until(lambda: batcher.waiting_items == 2)
        with pytest.raises(ServiceUnavailable, match="max_waiting_items = 2"):
            await batcher.encode(encoder, [text(3)])
        tasks.append(asyncio.create_task(batcher.encode(encoder, [text(4)], urgent=True)))
        await until(lambda: batcher.waiting_items == 3)
        encoder.gate.set()
        await asyncio.gather(*tasks)

    asyncio.run(ask())

    assert encoder.calls[1] == ["4", "1", "2"]


def test_a_request_past_its_deadline_is_given_up_and_never_encoded() -> None:
    encoder = Recorder()

    async def ask() -> None:
        batcher = MicroBatcher(BatchLimits(deadline_seconds=0.05))
        encoder.gate.clear()
        running = asyncio.create_task(batcher.encode(encoder, [text(0)]))
        await until(encoder.entered.is_set)
        for late in (running, batcher.encode(encoder, [text(1)])):
            with pytest.raises(TimeoutError):
                await late
        encoder.gate.set()
        answer = await batcher.encode(encoder, [text(2)])
        assert answer.vectors[0, 0] == 2
        assert batcher.waiting_items == 0

    asyncio.run(ask())

    assert encoder.calls == [["0"], ["2"]]
