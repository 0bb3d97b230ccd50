"""What a held-out listing shares with the train split: picture, title or group."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from uniecs.evaluation.benchmark.fingerprints import near_pictures
from uniecs.evaluation.benchmark.listings import Listing
from uniecs.evaluation.benchmark.titles import near_titles

KINDS: dict[str, str] = {
    "exact_picture": "the picture's bytes are those of a picture in the train split",
    "near_picture": "the picture is one of the train split in another size or encoding",
    "title": "the title has nine tenths of its words in common with one of the train split",
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
        picture: Path of the train picture; empty for a title or group.
    """

    kind: str
    held: Listing
    seen: Listing
    picture: str = ""


def find_leaks(held: Sequence[Listing], train: Sequence[Listing]) -> list[Leak]:
    """One leak for each kind and held-out listing that has it, in the order of ``held``.

    Args:
        held: Listings with a title and a picture.
        train: All listings of the train split; every picture of each is looked at.
    """
    found = [
        leak
        for look in (_exact_pictures, _near_pictures, _titles, _groups)
        for leak in _first(look(held, train))
    ]
    place = {listing.id: row for row, listing in enumerate(held)}
    return sorted(found, key=lambda leak: place[leak.held.id])


Look = Callable[[Sequence[Listing], Sequence[Listing]], Iterator[Leak]]


def _first(leaks: Iterator[Leak]) -> Iterator[Leak]:
    known: set[str] = set()
    for leak in leaks:
        if leak.held.id not in known:
            known.add(leak.held.id)
            yield leak


def _exact_pictures(held: Sequence[Listing], train: Sequence[Listing]) -> Iterator[Leak]:
    seen: dict[str, tuple[Listing, str]] = {}
    for listing in train:
        for picture in listing.pictures:
            seen.setdefault(picture.digest, (listing, picture.path))
    for listing in held:
        if listing.picture.digest in seen:
            yield Leak("exact_picture", listing, *seen[listing.picture.digest])


def _near_pictures(held: Sequence[Listing], train: Sequence[Listing]) -> Iterator[Leak]:
    known = [(listing, picture) for listing in train for picture in listing.pictures]
    pairs = near_pictures([listing.picture for listing in held], [picture for _, picture in known])
    for row, column in pairs:
        listing, picture = known[column]
        if held[row].picture.digest != picture.digest:
            yield Leak("near_picture", held[row], listing, picture.path)


def _titles(held: Sequence[Listing], train: Sequence[Listing]) -> Iterator[Leak]:
    pairs = near_titles([listing.words for listing in held], [one.words for one in train])
    for row, column in pairs:
        yield Leak("title", held[row], train[column])


def _groups(held: Sequence[Listing], train: Sequence[Listing]) -> Iterator[Leak]:
    seen: dict[str, Listing] = {}
    for listing in train:
        if listing.product.group_id:
            seen.setdefault(listing.product.group_id, listing)
    for listing in held:
        if listing.product.group_id in seen:
            yield Leak("group", listing, seen[listing.product.group_id])


def count_kinds(leaks: Sequence[Leak]) -> dict[str, int]:
    """Held-out listings by kind of leak; every kind is there, with zero too."""
    counts: dict[str, int] = defaultdict(int)
    for leak in leaks:
        counts[leak.kind] += 1
    return {kind: counts[kind] for kind in KINDS}
