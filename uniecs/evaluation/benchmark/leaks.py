"""What a held-out listing shares with the train split: picture, title or group."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from uniecs.evaluation.benchmark.fingerprints import Picture, near_pictures
from uniecs.evaluation.benchmark.listings import Listing
from uniecs.evaluation.benchmark.titles import near_titles

KINDS: dict[str, str] = {
    "exact_picture": "the bytes of a picture are those of a picture in the train split",
    "near_picture": "a picture is, or passes for, one of the train split in another encoding",
    "title": "the title shares more than nine tenths of its words with one of the train split",
    "group": "the train split has a listing of the same group",
}
"""What is looked for, and what it means."""


@dataclass(frozen=True, slots=True)
class Leak:
    """One held-out listing and the train listing that gives it away.

    Attributes:
        kind: A key of ``KINDS``.
        held: The held-out listing.
        seen: The first such listing of the train split.
        pictures: The held-out picture and the one of the train split; empty for title and group.
    """

    kind: str
    held: Listing
    seen: Listing
    pictures: tuple[Picture, ...] = ()


def find_leaks(held: Sequence[Listing], train: Sequence[Listing]) -> list[Leak]:
    """One leak for each kind and held-out listing that has it, in the order of ``held``.

    Every picture of a listing is looked at.
    """
    found = [
        leak
        for look in (_exact_pictures, _near_pictures, _titles, _groups)
        for leak in _first(look(held, train))
    ]
    place = {listing.id: row for row, listing in enumerate(held)}
    return sorted(found, key=lambda leak: place[leak.held.id])


def count_kinds(leaks: Sequence[Leak]) -> dict[str, int]:
    """Held-out listings by kind of leak; every kind is there, with zero too."""
    counts = Counter(leak.kind for leak in leaks)
    return {kind: counts[kind] for kind in KINDS}


def _first(leaks: Iterator[Leak]) -> Iterator[Leak]:
    known: set[str] = set()
    for leak in leaks:
        if leak.held.id not in known:
            known.add(leak.held.id)
            yield leak


def _pictures(listings: Sequence[Listing]) -> list[tuple[Listing, Picture]]:
    return [(listing, picture) for listing in listings for picture in listing.pictures]


def _exact_pictures(held: Sequence[Listing], train: Sequence[Listing]) -> Iterator[Leak]:
    seen = {picture.digest: (one, picture) for one, picture in reversed(_pictures(train))}
    for listing, picture in _pictures(held):
        if picture.digest in seen:
            one, known = seen[picture.digest]
            yield Leak("exact_picture", listing, one, (picture, known))


def _near_pictures(held: Sequence[Listing], train: Sequence[Listing]) -> Iterator[Leak]:
    asked, known = _pictures(held), _pictures(train)
    for row, column in near_pictures([one for _, one in asked], [one for _, one in known]):
        (listing, picture), (seen, other) = asked[row], known[column]
        if picture.digest != other.digest:
            yield Leak("near_picture", listing, seen, (picture, other))


def _titles(held: Sequence[Listing], train: Sequence[Listing]) -> Iterator[Leak]:
    pairs = near_titles([listing.words for listing in held], [one.words for one in train])
    for row, column in pairs:
        yield Leak("title", held[row], train[column])


def _groups(held: Sequence[Listing], train: Sequence[Listing]) -> Iterator[Leak]:
    seen = {one.product.group_id: one for one in reversed(train) if one.product.group_id}
    for listing in held:
        if listing.product.group_id in seen:
            yield Leak("group", listing, seen[listing.product.group_id])
