"""Generations: built, verified, swapped in by one alias change, rolled back, retired.

The alias is the truth for readers; the ledger is repaired to it. Readers take no lock; writers of
one ``UNIECS_HOME`` take turns.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.errors import GenerationError
from uniecs.index.building import begin, continues, embedded, fill
from uniecs.index.embeddings import ItemEncoder, Progress
from uniecs.index.ledger import Generation, Ledger
from uniecs.index.milvus import Milvus, connect
from uniecs.index.retiring import remove, retire, verifying
from uniecs.index.shards import EmbeddingReport
from uniecs.index.turns import turn
from uniecs.index.verification import Verification, verify_generation
from uniecs.settings import Settings


def alias_of(tenant: str) -> str:
    """The alias that a tenant's searches resolve.

    Example:
        >>> alias_of("shop-1")
        'uniecs_shop_2d1'
    """
    return "uniecs_" + re.sub(r"[^A-Za-z0-9]", lambda match: f"_{ord(match[0]):x}", tenant)


def utc_now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


class GenerationStore:
    """The generations of one tenant.

    Args:
        settings: Which Milvus, database and tenant.
        milvus: A connection to use; opened on first use by default.
        clock: The time, for ids and the ledger.
        milvus_seconds: How long one call of a search may take.

    Example:
        ``store.swap(store.build(encoder, catalog).id)``
    """

    def __init__(
        self,
        settings: Settings,
        *,
        milvus: Milvus | None = None,
        clock: Callable[[], datetime] = utc_now,
        milvus_seconds: float = 30.0,
    ) -> None:
        self._settings = settings
        self._milvus_seconds = milvus_seconds
        self._milvus = milvus
        self._clock = clock
        self._ledger = Ledger(settings)
        self.alias = alias_of(settings.tenant)

    @property
    def milvus(self) -> Milvus:
        """The connection, opened on first use."""
        if self._milvus is None:
            self._milvus = connect(self._settings, timeout=self._milvus_seconds)
        return self._milvus

    def reconnect(self) -> None:
        """Forget the connection; the next use opens one, and starts Milvus Lite if need be."""
        self._milvus = None

    def build(
        self,
        source: ItemEncoder | Path,
        catalog: Catalog,
        *,
        view: Presence = Presence.BOTH,
        progress: Progress | None = None,
        model_folder: Path | None = None,
    ) -> Generation:
        """Build a generation; a killed build of the same content is continued.

        Args:
            source: An encoder, or a finished folder of embeddings of this catalog.
            catalog: The products.
            view: The modalities to embed, when ``source`` is an encoder.
            progress: Called with the number of products embedded, then written, since the last
                call; two units per product with an encoder, one with a folder.
            model_folder: Where the model lies, so that searches can load it when it is in no
                registry.

        Returns:
            The generation, in state ``verifying``: complete, loaded, not yet verified.

        Raises:
            GenerationError: When nothing could be embedded, or the folder is of another catalog.
        """
        folder, report = embedded(source, catalog, self._settings, view=view, progress=progress)
        with turn(self._settings, "build"):
            generation = self._unfinished(report, folder)
            if generation is None:
                generation = begin(
                    self.milvus,
                    self._ledger,
                    report,
                    folder,
                    tenant=self._settings.tenant,
                    model_folder=model_folder,
                    clock=self._clock,
                )
            fill(self.milvus, self._ledger, generation, catalog, progress=progress)
            return self._ledger.move(
                generation.id, to="verifying", source="building", rows=report.rows
            )

    def _unfinished(self, report: EmbeddingReport, folder: Path) -> Generation | None:
        """A killed build to continue; killed builds of other content are dropped."""
        found = None
        for generation in self._ledger.list():
            if generation.state != "building":
                continue
            if found is None and continues(self.milvus, generation, report, folder):
                found = generation
            else:
                self._remove(generation)
        return found

    def list(self) -> list[Generation]:
        """All generations, oldest first; the ledger is repaired to the alias before."""
        generations = self._ledger.list()
        if any(g.state not in ("building", "retired") for g in generations):
            self._repair()
            generations = self._ledger.list()
        return generations

    def get(self, ref: str) -> Generation:
        """A generation by id.

        Raises:
            GenerationError: When there is none.
        """
        return self._ledger.get(ref)

    def live(self) -> Generation:
        """The generation that searches use: what the alias points at.

        Raises:
            GenerationError: When no generation is live.
        """
        collection = self.milvus.resolve(self.alias)
        if collection is None:
            raise GenerationError(
                "No generation is live; build one with `uniecs index build MODEL CATALOG` and "
                "make it live with `uniecs index swap GENERATION`."
            )
        generation = self._ledger.by_collection(collection)
        if generation is None:
            raise GenerationError(
                f"Alias {self.alias} points at collection {collection}, which the database "
                f"{self._settings.database!r} does not know; use the database it was built with."
            )
        return generation

    def verify(self, ref: str) -> Verification:
        """Check a complete generation against its embeddings; passing makes it ``warm``.

        Raises:
            GenerationError: When it is still building, or retired.
        """
        self._ledger.get(ref)  # a wrong id is told before there is a lock of its name
        with turn(self._settings, verifying(ref)):
            generation = self._ledger.get(ref)
            if generation.state in ("building", "retired"):
                raise GenerationError(
                    f"Generation {ref} is {generation.state}: only a complete one can be verified."
                )
            verification = verify_generation(self.milvus, generation)
            self._ledger.set(ref, report=verification.as_json())
            if verification.passed and generation.state == "verifying":
                self._ledger.move(ref, to="warm", source="verifying")
            elif not verification.passed and generation.state in ("warm", "draining"):
                self._ledger.move(ref, to="verifying", source=generation.state)
        return verification

    def swap(self, ref: str) -> Generation:
        """Make a generation live with one alias change; one not yet verified is verified first.

        Raises:
            GenerationError: When it is not complete, or does not pass verification.
        """
        self._ledger.get(ref)  # a wrong id is told before a server is started
        with turn(self._settings, "swap"):
            self._repair()
            generation = self._ledger.get(ref)
            if generation.state == "live":
                return generation
            if generation.state == "verifying":
                self._require_verified(ref)
            if generation.state in ("building", "retired"):
                raise GenerationError(
                    f"Generation {ref} is {generation.state}: it cannot go live; build a new one."
                )
            current = self._current()
            self._go_live(ref, replaced=current.id if current else "")
            retire(self.milvus, self._ledger, self._settings, self._ledger.get(ref))
        return self._ledger.get(ref)

    def rollback(self) -> Generation:
        """Make the generation live again that the live one replaced.

        Raises:
            GenerationError: When there is none, or it was retired.
        """
        with turn(self._settings, "swap"):
            self._repair()
            current = self.live()
            previous = self._ledger.get(current.replaced) if current.replaced else None
            if previous is None or previous.state != "draining":
                raise GenerationError(
                    f"There is nothing to roll back to: no generation before {current.id} is kept."
                )
            self._go_live(previous.id, replaced=None)
        return self._ledger.get(previous.id)

    def drop(self, ref: str) -> None:
        """Drop one generation.

        Raises:
            GenerationError: When it is live.
        """
        with turn(self._settings, "swap"):
            self._repair()
            generation = self._ledger.get(ref)
            if generation.state == "live":
                raise GenerationError(
                    f"Generation {ref} is live: searches use it. Swap in another one first."
                )
            self._remove(generation)

    def _require_verified(self, ref: str) -> None:
        verification = self.verify(ref)
        failed = [check.name for check in verification.checks if not check.passed]
        if failed:
            raise GenerationError(
                f"Generation {ref} failed verification ({', '.join(failed)}) and stays out of "
                f"use; see `uniecs index verify {ref}`, then build again."
            )

    def _go_live(self, ref: str, *, replaced: str | None) -> None:
        generation = self._ledger.get(ref)
        self.milvus.load(generation.collection)
        if replaced is not None:
            self._ledger.set(ref, replaced=replaced)  # before the alias, so that repair keeps it
        self.milvus.point(self.alias, generation.collection)
        self._ledger.go_live(ref)

    def _current(self) -> Generation | None:
        collection = self.milvus.resolve(self.alias)
        return self._ledger.by_collection(collection) if collection else None

    def _repair(self) -> None:
        """A swap killed between alias and ledger: the ledger follows the alias."""
        current = self._current()
        if current is not None and current.state != "live":
            self._ledger.go_live(current.id)

    def _remove(self, generation: Generation) -> None:
        remove(self.milvus, self._ledger, self._settings, generation)
