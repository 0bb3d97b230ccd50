"""The encoder that fits a generation: found by its model version, loaded once, kept."""

import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from uniecs.errors import ModelError, ModelMismatch, RegistryError
from uniecs.index.ledger import Generation
from uniecs.settings import Settings

if TYPE_CHECKING:
    from uniecs.inference.encoder import Encoder

KEPT = 2
"""Loaded encoders: that of the live generation, and that of the one before or after a swap."""


class EncoderShelf:
    """Encoders by model version.

    Args:
        settings: Names the registry.
        encoder: The only encoder to use; by default each generation's own is loaded.
    """

    def __init__(self, settings: Settings, encoder: "Encoder | None" = None) -> None:
        self._settings = settings
        self._given = encoder
        self._loaded: OrderedDict[str, Encoder] = OrderedDict()
        self._lock = threading.Lock()

    def fitting(self, generation: Generation) -> "Encoder":
        """The encoder whose vectors a generation holds.

        Raises:
            ModelMismatch: When a given encoder is of another version.
            ModelError: When the model is neither registered nor where it was at build time.
        """
        version = generation.model_version
        if self._given is not None:
            if self._given.model_version != version:
                raise ModelMismatch(expected=version, got=self._given.model_version)
            return self._given
        with self._lock:
            if version not in self._loaded:
                self._loaded[version] = self._load(generation)
            self._loaded.move_to_end(version)
            while len(self._loaded) > KEPT:
                self._loaded.popitem(last=False)
            return self._loaded[version]

    def _load(self, generation: Generation) -> "Encoder":
        from uniecs.inference.encoder import Encoder

        version = generation.model_version
        for folder in (self._registered(version), Path(generation.model_folder or "\0")):
            if folder is None or "\0" in str(folder) or not folder.is_dir():
                continue
            encoder = Encoder.load(folder)
            if encoder.model_version == version:
                return encoder
        raise ModelError(
            f"Generation {generation.id} needs model {version}, which is neither registered nor in "
            f"{generation.model_folder or 'a known folder'}; register it, or build a generation "
            "of another model and swap it in."
        )

    def _registered(self, version: str) -> Path | None:
        from uniecs.registry.registry import Registry

        try:
            return Registry(self._settings).get(version).folder
        except RegistryError:
            return None
