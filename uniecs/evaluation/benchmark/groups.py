"""Names that pairs join into one group."""

from collections.abc import Iterable

from uniecs.evaluation.benchmark.candidates import Candidate


class Groups:
    """Disjoint sets of names; the smallest name stands for its set, in any order of joining."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def of(self, name: str) -> str:
        """The name that stands for the set of ``name``."""
        self._parent.setdefault(name, name)
        while self._parent[name] != name:
            self._parent[name] = self._parent[self._parent[name]]
            name = self._parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        """Make one set of two."""
        names = self.of(one), self.of(other)
        self._parent[max(names)] = min(names)


def groups_of(pairs: Iterable[Candidate]) -> Groups:
    """Groups of the catalog, joined where a pair joins them."""
    groups = Groups()
    for pair in pairs:
        groups.join(pair.one.product.group, pair.other.product.group)
    return groups
