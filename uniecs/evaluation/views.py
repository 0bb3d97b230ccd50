"""Vectors of sides in the views I, T and IT, each encoded once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from uniecs.catalog.copies import side_picture
from uniecs.catalog.images import resolve_image
from uniecs.catalog.items import Item
from uniecs.catalog.pairs import Side
from uniecs.catalog.presence import Presence
from uniecs.errors import ImageError
from uniecs.evaluation.config import EvaluationConfig

Floats = npt.NDArray[np.float32]
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


class EncodedItems(Protocol):
    """What an encoder answers: see ``uniecs.inference.items.Encoded``."""

    @property
    def vectors(self) -> Floats:
        """[N, D] unit rows, zeros where the item failed."""

    @property
    def gates(self) -> Floats:
        """[N, 2] weights of image and text."""

    @property
    def errors(self) -> Sequence[object | None]:
        """[N] None, or why the item failed."""


class ItemEncoder(Protocol):
    """The part of ``uniecs.inference.encoder.Encoder`` that evaluation needs."""

    @property
    def model_version(self) -> str:
        """Content id of the model folder."""

    @property
    def dim(self) -> int:
        """Length D of a vector."""

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> EncodedItems:
        """Encode items, order kept."""


@dataclass(frozen=True)
class View:
    """Vectors of some sides in one presence.

    Attributes:
        vectors: [N, D]; zeros where ``usable`` is False.
        gates: [N, 2] weights of image and text.
        usable: [N] the side has this presence and could be encoded.
    """

    vectors: Floats
    gates: Floats
    usable: npt.NDArray[np.bool_]


@dataclass
class Views:
    """Vectors of everything that an evaluation compares, by content and presence."""

    dim: int
    rows: dict[Side, int] = field(default_factory=dict)
    vectors: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    gates: Floats = field(default_factory=lambda: np.zeros((0, 2), np.float32))

    def of(self, sides: Sequence[Side], presence: Presence) -> View:
        """Vectors of ``sides`` masked to exactly ``presence``."""
        keys = [masked(side, presence) for side in sides]
        found = [self.rows.get(key, -1) if key else -1 for key in keys]
        rows = np.array(found, dtype=np.int64)
        usable = rows >= 0
        view = View(
            vectors=np.zeros((len(sides), self.dim), np.float32),
            gates=np.zeros((len(sides), 2), np.float32),
            usable=usable,
        )
        view.vectors[usable] = self.vectors[rows[usable]]
        view.gates[usable] = self.gates[rows[usable]]
        return view


def masked(side: Side, presence: Presence) -> Side | None:
    """The content of a side that a view shows, without its product; None if it lacks a part.

    Example:
        >>> masked(Side("p1", text="mug", image="p1.jpg"), Presence.TEXT)
        Side(product_id='', text='mug', image='', copy_seed=None)
    """
    if presence & ~side.presence:
        return None
    image = Presence.IMAGE in presence
    return Side(
        product_id="",
        text=side.text if Presence.TEXT in presence else "",
        image=side.image if image else "",
        copy_seed=side.copy_seed if image else None,
    )


def encode_views(
    encoder: ItemEncoder,
    folder: Path,
    wanted: Iterable[tuple[Sequence[Side], Iterable[Presence]]],
    config: EvaluationConfig,
    progress: Progress | None = None,
) -> Views:
    """Encode every distinct content once; the views of a side together, so that they share passes.

    Args:
        encoder: Whatever turns items into vectors.
        folder: Catalog folder that pictures are relative to.
        wanted: Sides, and the presences that they are needed in.
        config: Batch and chunk size.
        progress: Told after every chunk.

    Returns:
        The vectors; a side whose picture cannot be decoded has none.
    """
    contents = list(
        dict.fromkeys(
            key
            for sides, presences in wanted
            for side in sides
            for presence in presences
            if (key := masked(side, presence)) is not None
        )
    )
    views = Views(dim=encoder.dim)
    vectors: list[Floats] = []
    gates: list[Floats] = []
    for start in range(0, len(contents), config.chunk):
        chunk = contents[start : start + config.chunk]
        copies: dict[tuple[str, int], Image.Image] = {}
        items = [item for key in chunk if (item := _item(folder, key, copies)) is not None]
        encoded = encoder.encode([item for _, item in items], batch_size=config.batch_size)
        for row, (key, _) in enumerate(items):
            if encoded.errors[row] is None:
                views.rows[key] = len(vectors)
                vectors.append(encoded.vectors[row])
                gates.append(encoded.gates[row])
        if progress:
            progress("encoding", start + len(chunk), len(contents))
    if vectors:
        views.vectors, views.gates = np.stack(vectors), np.stack(gates)
    return views


def _item(
    folder: Path, key: Side, copies: dict[tuple[str, int], Image.Image]
) -> tuple[Side, Item] | None:
    try:
        if not key.image:
            return key, Item(id="", text=key.text)
        if key.copy_seed is None:
            return key, Item(id="", text=key.text, image=resolve_image(folder, key.image))
        copy = key.image, key.copy_seed
        if copy not in copies:
            copies[copy] = side_picture(folder, *copy)
        return key, Item(id="", text=key.text, image=copies[copy])
    except ImageError:  # counted as unusable by whoever asks for the view
        return None
