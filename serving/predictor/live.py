"""Which model answers: leased by each request, switched between requests, drained, let go."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from serving.predictor.metrics import show_model
from serving.probe import check_probe, probe_items
from uniecs.errors import ModelError
from uniecs.inference.batching import ItemEncoder


@dataclass(eq=False, slots=True)
class ServedModel:
    """A loaded and checked model."""

    encoder: ItemEncoder
    model_version: str
    processor_digest: str
    folder: Path
    _leases: int = field(default=0, repr=False)
    _drained: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @contextmanager
    def lease(self) -> Iterator["ServedModel"]:
        """Hold the model for one request; a switch waits for it."""
        self._leases += 1
        try:
            yield self
        finally:
            self._leases -= 1
            if not self._leases:
                self._drained.set()

    async def drained(self, timeout: float) -> bool:
        """Wait until no request holds the model; False when some still do at the timeout."""
        self._drained.clear()
        if not self._leases:
            return True
        try:
            await asyncio.wait_for(self._drained.wait(), timeout)
        except TimeoutError:
            return False
        return True


def load_model(folder: Path, *, expected_version: str | None = None) -> ServedModel:
    """Verify a model folder against its manifest, load it, and prove a forward.

    Raises:
        ModelError: A file is missing or altered, the folder holds another version than expected,
            or the forward fails.
    """
    from uniecs.encoder.folder import verify_model_folder

    manifest = verify_model_folder(folder)
    if expected_version is not None and manifest.version != expected_version:
        raise ModelError(
            f"{folder} holds model version {manifest.version}, the release names "
            f"{expected_version}; deploy the release again."
        )

    from uniecs.inference.encoder import Encoder  # torch: only for a folder worth loading

    try:
        encoder = Encoder.load(folder)
        check_probe(encoder.encode(probe_items()), dim=encoder.dim)
    except ModelError:
        raise
    except Exception as error:  # whatever a model file does to torch must not end the server
        raise ModelError(
            f"{folder} cannot be loaded: {type(error).__name__}: {error}; deploy another model."
        ) from error
    return ServedModel(
        encoder=encoder,
        model_version=manifest.version,
        processor_digest=manifest.processor_digest,
        folder=folder,
    )


class LiveModel:
    """The model that answers now; all calls come from the event loop."""

    def __init__(self, model: ServedModel) -> None:
        self._model = model
        show_model(model.model_version, model.processor_digest)

    @property
    def model(self) -> ServedModel:
        """The live model; lease it before an await."""
        return self._model

    @contextmanager
    def lease(self) -> Iterator[ServedModel]:
        """The live model, held for one request: the whole request is answered by it."""
        with self._model.lease() as model:
            yield model

    def replace(self, new: ServedModel) -> ServedModel:
        """Make ``new`` answer from the next request on; returns the old one, to be drained."""
        old, self._model = self._model, new
        show_model(new.model_version, new.processor_digest)
        return old
