"""What goes into the encoder and what comes out, one entry per item, order kept."""

from dataclasses import dataclass

import numpy as np

from uniecs.catalog.items import Item

__all__ = ["Encoded", "Item", "ItemError"]


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why one item has no vector.

    Attributes:
        code: An ``ImageError`` code, or ``empty`` for an item with neither text nor image.
    """

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of a list of items, in the order of the list.

    Attributes:
        ids: [N] ids as given.
        vectors: [N, D] float32, unit rows; a row of zeros where the item failed.
        gates: [N, 2] float32 modality weights (image, text): sum 1, exactly 0 where absent; zeros
            where the item failed.
        errors: [N] None, or why the item failed.
    """

    ids: list[str]
    vectors: np.ndarray
    gates: np.ndarray
    errors: list[ItemError | None]
