"""Which modalities a thing has, and the nine tasks that follow from it."""

from enum import IntFlag
from itertools import product


class Presence(IntFlag):
    """The modalities that a query or product has."""

    NONE = 0
    IMAGE = 1
    TEXT = 2
    BOTH = 3

    @property
    def label(self) -> str:
        """``I``, ``T``, ``IT``, or an empty string for nothing."""
        return ("I" if Presence.IMAGE in self else "") + ("T" if Presence.TEXT in self else "")

    @classmethod
    def of(cls, *, text: object, image: object) -> "Presence":
        """Presence of whatever is truthy.

        Example:
            >>> Presence.of(text="red shoe", image=None).label
            'T'
        """
        return (cls.IMAGE if image else cls.NONE) | (cls.TEXT if text else cls.NONE)


VIEWS: tuple[Presence, ...] = (Presence.IMAGE, Presence.TEXT, Presence.BOTH)
"""The three non-empty presences: the views I, T and IT of a product."""

TASKS: tuple[tuple[Presence, Presence], ...] = tuple(product(VIEWS, VIEWS))
"""The nine (query presence, candidate presence) pairs."""


def task_name(query: Presence, candidate: Presence) -> str:
    """Name of a task as reports show it.

    Example:
        >>> task_name(Presence.TEXT, Presence.BOTH)
        'T->IT'
    """
    return f"{query.label}->{candidate.label}"
