"""Looking things up among planned listings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np

from uniecs.catalog.demo.facts import Listing

Candidate = TypeVar("Candidate")

_SHARES = {"test": 0.34, "val": 0.2, "train": 0.46}


def sound(listings: Iterable[Listing]) -> list[Listing]:
    """Listings without a deliberate defect: the only ones that judgements name."""
    return [listing for listing in listings if listing.defect is None]


def by_variant(listings: Iterable[Listing]) -> dict[str, list[Listing]]:
    """Listings by the key of their variant."""
    found: dict[str, list[Listing]] = {}
    for listing in listings:
        found.setdefault(listing.variant.key, []).append(listing)
    return found


def by_group(listings: Iterable[Listing]) -> dict[str, list[Listing]]:
    """Listings by group_id."""
    found: dict[str, list[Listing]] = {}
    for listing in listings:
        found.setdefault(listing.variant.design.group_id, []).append(listing)
    return found


def interleaved(
    rng: np.random.Generator, candidates: Sequence[Candidate], split: Callable[[Candidate], str]
) -> Iterator[Candidate]:
    """All candidates, shuffled; every prefix holds the splits in fixed shares while they last.

    Test and val are over-represented: questions about them are the ones that a report reads.
    """
    waiting: dict[str, list[Candidate]] = {name: [] for name in _SHARES}
    for index in rng.permutation(len(candidates)):
        waiting[split(candidates[index])].append(candidates[index])
    given = dict.fromkeys(_SHARES, 0)
    while any(waiting.values()):
        name = min(
            (name for name in _SHARES if waiting[name]),
            key=lambda name: (given[name] + 1) / _SHARES[name],
        )
        given[name] += 1
        yield waiting[name].pop()
