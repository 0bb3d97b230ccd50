"""What titles claim in the words of the catalog's own attributes, and where two titles disagree."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from uniecs.catalog.schema import normalise_text
from uniecs.catalog.wording import MAX_VALUE_WORDS, short_facts
from uniecs.evaluation.benchmark.listings import Listing

HELD_BY = 3
"""Listings that must hold a value before a title that has its words is taken to name it."""

_NO_CLAIMS = frozenset({"brand", "seller"})

Named = dict[str, frozenset[str]]


class Claims:
    """Attribute values that the titles of one catalog name: colours, patterns, kinds."""

    def __init__(self, listings: Sequence[Listing]) -> None:
        held: Counter[tuple[str, str]] = Counter()
        for listing in listings:
            for name, value in short_facts(listing.product).items():
                if name not in _NO_CLAIMS:
                    held[name, normalise_text(value)] += 1
        self._names: dict[str, list[str]] = defaultdict(list)
        for (name, value), count in held.items():
            if count >= HELD_BY:
                self._names[value].append(name)

    def disagree(self, one: Listing, other: Listing) -> bool:
        """Whether both titles name a value of one attribute, and never the same value."""
        a, b = self._of(one), self._of(other)
        return any(not a[name] & b[name] for name in a.keys() & b.keys())

    def _of(self, listing: Listing) -> Named:
        named: dict[str, set[str]] = defaultdict(set)
        for words in _runs(normalise_text(listing.product.title).split()):
            for name in self._names.get(words, ()):
                named[name].add(words)
        return {name: frozenset(values) for name, values in named.items()}


def _runs(words: Sequence[str]) -> Iterator[str]:
    for length in range(1, MAX_VALUE_WORDS + 1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])
