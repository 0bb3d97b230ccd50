"""Splits made afresh, so that pairs lie in test instead of being parted by the catalog's splits."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from uniecs.evaluation.benchmark.candidates import Candidate
from uniecs.evaluation.benchmark.groups import groups_of
from uniecs.evaluation.benchmark.listings import Listing, Shelf

TEST_SHARE = 0.25
"""Most rows that test takes: what is left must still train a model."""
VAL_SHARE = 0.1


def resplit(shelf: Shelf, pairs: Sequence[Candidate], seed: int) -> Shelf:
    """The same listings in new splits.

    Listings stay together that share a group, a picture, all words of the title, or a pair. Such
    clusters go to test while it has room: those with a pair of two listings first, then those
    with a pair of views, each in the order of a hash of seed and name. Of the others a tenth goes
    to val.
    """
    clusters = _clusters(shelf.every, pairs)
    rank = {pair.one.id: 1 for pair in pairs} | {p.one.id: 0 for p in pairs if not p.alone}
    split: dict[str, str] = {}
    room = TEST_SHARE * len(shelf.every)
    ordered = sorted(
        clusters.items(),
        key=lambda item: (min(rank.get(one.id, 2) for one in item[1]), _draw(seed, item[0])),
    )
    for name, members in ordered:
        chosen = "val" if int(_draw(seed, name)[-4:], 16) < VAL_SHARE * 16**4 else "train"
        if len(members) <= room:
            room -= len(members)
            chosen = "test"
        split.update((listing.id, chosen) for listing in members)
    every = [replace(listing, split=split[listing.id]) for listing in shelf.every]
    usable = {listing.id for listing in shelf.usable}
    return replace(shelf, every=every, usable=[one for one in every if one.id in usable])


def _clusters(listings: Sequence[Listing], pairs: Sequence[Candidate]) -> dict[str, list[Listing]]:
    groups = groups_of(pairs)
    first: dict[object, str] = {}
    for listing in listings:
        name = listing.product.group
        shared: list[object] = [picture.digest for picture in listing.pictures]
        shared += [listing.words] if listing.words else []
        for thing in shared:
            groups.join(first.setdefault(thing, name), name)
    clusters: dict[str, list[Listing]] = defaultdict(list)
    for listing in listings:
        clusters[groups.of(listing.product.group)].append(listing)
    return clusters


def _draw(seed: int, name: str) -> str:
    return sha256(f"{seed}\0{name}".encode()).hexdigest()
