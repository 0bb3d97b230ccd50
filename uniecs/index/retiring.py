"""Retiring generations: their rows go, what the ledger knows of them stays."""

import shutil
from collections.abc import Iterator

from uniecs.index.ledger import Generation, Ledger
from uniecs.index.milvus import Milvus
from uniecs.index.turns import turn, turn_file
from uniecs.settings import Settings


def verifying(generation_id: str) -> str:
    """The turn that a process has while it verifies a generation."""
    return f"{generation_id}.verify"


def remove(milvus: Milvus, ledger: Ledger, settings: Settings, generation: Generation) -> None:
    """Drop one generation from Milvus and from the disk; a killed removal can be repeated.

    Raises:
        GenerationError: When it is live.
    """
    if generation.state != "retired":
        ledger.move(generation.id, to="retired", source=generation.state)
    milvus.drop(generation.collection)
    shutil.rmtree(settings.root / "index" / generation.id, ignore_errors=True)
    turn_file(settings, verifying(generation.id)).unlink(missing_ok=True)


def retire(milvus: Milvus, ledger: Ledger, settings: Settings, live: Generation) -> None:
    """Remove what nobody goes back to, now that ``live`` is live.

    That is what was replaced earlier than by it, and what is older than it and was refused or
    never swapped in. One that another process is verifying is left for the next swap.
    """
    for generation in _outlived(ledger, live):
        with turn(settings, verifying(generation.id), wait=False) as ours:
            if ours:
                remove(milvus, ledger, settings, ledger.get(generation.id))
    present = set(milvus.collections())
    for generation in ledger.list():  # killed between the ledger and the drop
        if generation.state == "retired" and generation.collection in present:
            milvus.drop(generation.collection)


def _outlived(ledger: Ledger, live: Generation) -> Iterator[Generation]:
    older = True
    for generation in ledger.list():
        older = older and generation.id != live.id
        unused = generation.state in ("verifying", "warm") and older
        if (generation.state == "draining" or unused) and generation.id != live.replaced:
            yield generation
