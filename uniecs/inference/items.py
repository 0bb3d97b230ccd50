"""What goes into the encoder and what comes out, one entry per item, order kept."""

from dataclasses import dataclass

import numpy as np

from uniecs.catalog.items import Item

__all__ = ["Encoded", "Item", "ItemError", "text_fault", "unusable"]


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why one item has no vector.

    Attributes:
        code: An ``ImageError`` code, ``empty`` for an item with neither text nor image, or ``text``
            for a text that is not valid Unicode.
    """

    code: str
    message: str


EMPTY = ItemError("empty", "the item has neither text nor image")


def text_fault(text: str) -> str:
    r"""Why a text is not valid Unicode; empty for one that is.

    JSON allows half of a surrogate pair, and a command line keeps bytes that are not UTF-8 as one.

    Example:
        >>> text_fault("mug"), text_fault("m\udcffg")
        ('', "not valid Unicode: character 2 is '\\udcff'; give it as UTF-8")
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        place, found = error.start + 1, text[error.start]
        return f"not valid Unicode: character {place} is {found!a}; give it as UTF-8"
    return ""


def unusable(item: Item) -> ItemError | None:
    """Why an item cannot be encoded, as far as that shows without a look at its picture."""
    if not item.presence:
        return EMPTY
    fault = text_fault(item.text)
    return ItemError("text", f"the text is {fault}") if fault else None


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
