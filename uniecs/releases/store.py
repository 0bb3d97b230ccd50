"""Compose, deploy and roll back releases (design contract 5)."""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from uniecs.database import open_database
from uniecs.errors import (
    GateRefused,
    GenerationError,
    ModelMismatch,
    RegistryError,
    StageConflict,
    UniECSError,
)
from uniecs.registry import Registry
from uniecs.releases.ledger import Action, Deployment, Pointer, ReleaseLedger, deployed_line
from uniecs.releases.locking import deployment_lock
from uniecs.releases.pointer_file import shows, write_pointer
from uniecs.releases.release import GenerationFacts, Release, release_id_of
from uniecs.settings import Settings

_LOG = logging.getLogger(__name__)

SwapGeneration = Callable[[str], object]
"""Moves the index alias to a generation; doing it again changes nothing."""


def _now() -> datetime:
    return datetime.now(UTC)


class ReleaseStore:
    """The releases of one installation.

    Opening it finishes a deployment or rollback that was killed half way, and brings
    ``release.json`` in line with the database.

    Args:
        settings: Which database, registry and index.
        swap_generation: Moves the index alias; ``GenerationStore.swap`` by default.
        clock: Gives the times that are written.
        actor: Whose changes these are.

    Raises:
        ServiceUnavailable: When a server that the settings name does not answer.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        swap_generation: SwapGeneration | None = None,
        clock: Callable[[], datetime] = _now,
        actor: str = "uniecs",
    ) -> None:
        self._settings = settings
        self._swap = swap_generation or _index_swap(settings)
        self._engine = open_database(settings)
        self._ledger = ReleaseLedger(self._engine, clock=clock, actor=actor)
        self.registry = Registry(settings, clock=clock, actor=actor)
        self._repair()

    def list(self) -> list[Release]:
        """All releases, oldest first."""
        return self._ledger.list()

    def get(self, ref: str) -> Release:
        """A release by its id or the unique beginning of it.

        Raises:
            RegistryError: When none or more than one fits.
        """
        return self._ledger.get(ref)

    def live(self) -> Release | None:
        """The release that is live, if any."""
        live = self._ledger.pointer().release_id
        return None if live is None else self._ledger.get(live)

    def history(self) -> Sequence[Deployment]:
        """All deployments and rollbacks, oldest first."""
        return self._ledger.history()

    def compose(
        self, model_version: str, generation: GenerationFacts, feature_service: str | None
    ) -> Release:
        """Make one release of three parts; the same parts are the same release.

        Raises:
            ModelMismatch: When another model made the generation's vectors.
            RegistryError: When the model is not registered.
        """
        model = self.registry.get(model_version)
        if generation.model_version != model.version:
            raise ModelMismatch(expected=generation.model_version, got=model.version)
        return self._ledger.add(
            Release(
                release_id=release_id_of(model.version, generation.id, feature_service),
                model_version=model.version,
                generation=generation.id,
                feature_service=feature_service,
                catalog_digest=generation.catalog_digest,
                state="composed",
                revision=0,
                created=self._ledger.now(),
            )
        )

    def deploy(self, ref: str, *, seen: int | None = None) -> Release:
        """Make a release live: index alias, database and pointer file; the one before is kept.

        Args:
            ref: Id of the release.
            seen: Revision of the pointer that the caller saw; another one is a conflict.

        Raises:
            GateRefused: When its model is not in production: nothing goes live without a gate.
            GenerationError: When its generation cannot be swapped in; all stays as it was.
            StageConflict: When another release went live in the meantime.
        """
        release = self._ledger.get(ref)
        seen = self._ledger.pointer().revision if seen is None else seen
        with deployment_lock(self._engine, self._settings, wait=True):
            self._finish_what_was_begun()
            self._require_production(release)
            if self._ledger.pointer().release_id != release.release_id:
                self._move(release.release_id, "deploy", seen=seen)
            self._write_pointer_file()
        return self._ledger.get(release.release_id)

    def rollback(self, *, expected: str | None = None) -> tuple[Release, Release]:
        """Make the release before the live one live again, with encoder, index and stages.

        Args:
            expected: The release that the caller saw live; another one is a conflict.

        Returns:
            ``(restored, rolled back)``.

        Raises:
            RegistryError: When nothing is live, or nothing was before.
            GenerationError: When the earlier generation is gone; all stays as it was.
            StageConflict: When another release went live in the meantime.
        """
        with deployment_lock(self._engine, self._settings, wait=True):
            self._finish_what_was_begun()
            pointer = self._ledger.pointer()
            line = deployed_line(self._ledger.history())
            if pointer.release_id is None:
                raise RegistryError("No release is live, so there is nothing to roll back.")
            if expected not in (None, pointer.release_id):
                raise StageConflict(
                    f"Release {expected} was not rolled back: {pointer.release_id} is live now. "
                    "Look at `uniecs releases` and decide again."
                )
            if len(line) < 2:
                raise RegistryError(
                    f"{pointer.release_id} is the first release; there is none to go back to."
                )
            self._move(line[-2], "rollback", seen=pointer.revision)
            self._write_pointer_file()
        return self._ledger.get(line[-2]), self._ledger.get(line[-1])

    def _move(self, release_id: str, action: Action, *, seen: int) -> None:
        self._ledger.intend(release_id, action, seen=seen)
        try:
            self._carry_out(self._ledger.pointer())
        except GenerationError:
            self._ledger.abandon()  # the index refused before it changed anything
            raise

    def _carry_out(self, pointer: Pointer) -> None:
        """Do what was intended; every part may be done twice, so that a kill does not matter."""
        if pointer.intended is None:
            return
        target = self._ledger.get(pointer.intended)
        self._swap(target.generation)
        if pointer.intention == "rollback" and pointer.release_id is not None:
            self._restore_stage(target, self._ledger.get(pointer.release_id))
        self._ledger.finish(pointer)

    def _restore_stage(self, target: Release, left: Release) -> None:
        if target.model_version == left.model_version:
            return
        try:
            self.registry.restore(target.model_version, expected=left.model_version)
        except StageConflict as conflict:  # somebody promoted a third version: theirs to decide
            _LOG.warning("the release was rolled back, stages stay as they are: %s", conflict)

    def _repair(self) -> None:
        pointer = self._ledger.pointer()
        if pointer.intended is None and shows(self._settings, pointer.release_id, pointer.revision):
            return
        with deployment_lock(self._engine, self._settings, wait=False) as held:
            if not held:
                return  # whoever holds the lock is about to do it
            try:
                self._finish_what_was_begun()
                self._write_pointer_file()
            except UniECSError as error:
                _LOG.warning("an unfinished deployment could not be finished yet: %s", error)

    def _finish_what_was_begun(self) -> None:
        pointer = self._ledger.pointer()
        if pointer.intended is None:
            return
        _LOG.warning("finishing the %s of %s that was cut off", pointer.intention, pointer.intended)
        try:
            if self._may_still(pointer):
                self._carry_out(pointer)
            else:
                self._take_back(pointer)
        except GenerationError:
            self._ledger.abandon()
            raise

    def _may_still(self, pointer: Pointer) -> bool:
        """Whether a deployment's model is still in production; a rollback asks for no stage."""
        if pointer.intention != "deploy" or pointer.intended is None:
            return True
        version = self._ledger.get(pointer.intended).model_version
        return self.registry.board().stage(version) == "production"

    def _take_back(self, pointer: Pointer) -> None:
        _LOG.warning("%s is not deployed: its model left production", pointer.intended)
        if pointer.release_id is not None:  # the alias may have moved before the cut
            self._swap(self._ledger.get(pointer.release_id).generation)
        self._ledger.abandon()

    def _require_production(self, release: Release) -> None:
        model = self.registry.get(release.model_version)
        if model.stage != "production":
            raise GateRefused(
                f"Release {release.release_id} is not deployed: its model {model.version} is in "
                f"stage {model.stage}. Run `uniecs promote {model.version} production` first."
            )

    def _write_pointer_file(self) -> None:
        release = self.live()
        if release and not shows(self._settings, release.release_id, release.revision):
            write_pointer(self._settings, release, self.registry.get(release.model_version))


def _index_swap(settings: Settings) -> SwapGeneration:
    def swap(generation: str) -> object:
        from uniecs.index.generations import GenerationStore

        return GenerationStore(settings).swap(generation)

    return swap
