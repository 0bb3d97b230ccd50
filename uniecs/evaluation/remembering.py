"""An encoder that encodes nothing twice within one evaluation."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from uniecs.catalog.items import Item
from uniecs.evaluation.views import EncodedItems, Floats, ItemEncoder

KEPT = 100_000
"""Contents that are kept at most: 100 MB at 256 numbers."""

Content = tuple[str, Path | None]


@dataclass(frozen=True)
class Remembered:
    """Vectors, gates and errors of some items; see ``EncodedItems``."""

    vectors: Floats
    gates: Floats
    errors: Sequence[object | None]


class RememberingEncoder:
    """Keeps what it encoded, by text and path of the picture.

    The nine tasks, growing pools and the judged queries rank the same listings; a picture given as
    bytes or pixels is encoded each time.

    Args:
        encoder: Encodes what is not known yet.
    """

    def __init__(self, encoder: ItemEncoder) -> None:
        self._encoder = encoder
        self._known: dict[Content, tuple[Floats, Floats, object | None]] = {}
        self.model_version = encoder.model_version
        self.dim = encoder.dim

    def learn(self, items: Sequence[Item], vectors: Floats, gates: Floats) -> None:
        """Know what the encoder said of some items elsewhere, such as in an embeddings folder.

        Args:
            items: N items.
            vectors: [N, D] unit rows.
            gates: [N, 2] weights of image and text.
        """
        for item, vector, gate in zip(items, vectors, gates, strict=True):
            content = _content(item)
            if content is not None and len(self._known) < KEPT:
                self._known[content] = vector, gate, None

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> EncodedItems:
        """Encode items, order kept."""
        contents = [_content(item) for item in items]
        answers = {
            row: self._known[content]
            for row, content in enumerate(contents)
            if content is not None and content in self._known
        }
        new = [row for row in range(len(items)) if row not in answers]
        if new:
            encoded = self._encoder.encode([items[row] for row in new], batch_size=batch_size)
            parts = zip(encoded.vectors, encoded.gates, encoded.errors, strict=True)
            for row, answer in zip(new, parts, strict=True):
                answers[row] = answer
                content = contents[row]
                if content is not None and len(self._known) < KEPT:
                    self._known[content] = answer
        found = [answers[row] for row in range(len(items))]
        return Remembered(
            np.array([vector for vector, _, _ in found], np.float32).reshape(-1, self.dim),
            np.array([gate for _, gate, _ in found], np.float32).reshape(-1, 2),
            [error for _, _, error in found],
        )


def _content(item: Item) -> Content | None:
    if item.image is None or isinstance(item.image, Path):
        return item.text, item.image
    return None
