"""Batches of a list of items in which no picture and no text needs to be looked at twice.

The views I, T and IT of one product are three items with one picture and one text between them.
They stand in one batch, so that each tower sees each content once.
"""

from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby

from PIL import Image

from uniecs.catalog.items import Item
from uniecs.catalog.presence import VIEWS, Presence


def picture_key(item: Item) -> Hashable:
    """What two items have in common that show the same picture: its path, bytes or object."""
    return id(item.image) if isinstance(item.image, Image.Image) else item.image


def shared_batches(items: Sequence[Item], size: int) -> Iterator[list[int]]:
    """Rows of the items that have a text or a picture, in batches.

    Args:
        items: Any mixture.
        size: Distinct pictures, and distinct texts, that a batch holds at most.

    Yields:
        Rows that share contents next to each other. Texts whose product shows no picture are
        never in a batch with pictures; texts of similar length come together, so little is padding.
    """
    groups = sorted(_groups(items), key=lambda group: _order(items, group))
    for _, alike in groupby(groups, key=lambda group: _shows(items, group)):
        yield from _filled(items, [row for group in alike for row in group], size)


def _groups(items: Sequence[Item]) -> list[list[int]]:
    """Rows by picture; a text alone joins the first picture that it is told of."""
    pictures: dict[str, Hashable] = {}
    for item in items:
        if item.presence is Presence.BOTH:
            pictures.setdefault(item.text, picture_key(item))
    groups: dict[tuple[str, Hashable], list[int]] = {}
    for row, item in enumerate(items):
        if Presence.IMAGE in item.presence:
            key = ("picture", picture_key(item))
        elif item.text in pictures:
            key = ("picture", pictures[item.text])
        else:
            key = ("text", item.text)
        if item.presence:
            groups.setdefault(key, []).append(row)
    return list(groups.values())


def _filled(items: Sequence[Item], rows: list[int], size: int) -> Iterator[list[int]]:
    batch: list[int] = []
    pictures: set[Hashable] = set()
    texts: set[str] = set()
    for row in rows:
        picture, text = {picture_key(items[row])} - {None}, {items[row].text} - {""}
        full = len(pictures | picture) > size or len(texts | text) > size
        if full or len(batch) == size * len(VIEWS):
            yield batch
            batch, pictures, texts = [], set(), set()
        batch.append(row)
        pictures |= picture
        texts |= text
    if batch:
        yield batch


def _order(items: Sequence[Item], group: list[int]) -> tuple[bool, int]:
    return _shows(items, group), max(len(items[row].text) for row in group)


def _shows(items: Sequence[Item], group: list[int]) -> bool:
    """Whether the group has a picture."""
    return any(Presence.IMAGE in items[row].presence for row in group)
