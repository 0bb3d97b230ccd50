"""Queries against candidates, each of them shown in a presence of its own.

The nine tasks show all queries alike and all candidates alike. Here presences mix within one
ranking, as they do in a shop: which answers are right, and which are neither right nor wrong, then
follows from the two sides of each pair.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from uniecs.catalog.pairs import Side
from uniecs.catalog.presence import TASKS, VIEWS, Presence
from uniecs.catalog.relations import Relations
from uniecs.evaluation.metrics import Values
from uniecs.evaluation.ranking import Mask, Scores, Vectors, found_within
from uniecs.evaluation.tasks import MAX_CELLS, Ask, judge
from uniecs.evaluation.views import View, Views

Presences = npt.NDArray[np.int64]
"""[N] a ``Presence`` each; ``Presence.NONE`` for what is not shown at all."""
Rows = npt.NDArray[np.int64]

TOP = 10
"""Slots of a ranking that count."""


@dataclass(frozen=True)
class Shown:
    """In which presence each query [Q] and each candidate [C] is shown."""

    queries: Presences
    candidates: Presences

    @property
    def asked(self) -> Mask:
        """[Q] the query is shown at all."""
        asked: Mask = self.queries != Presence.NONE
        return asked


class EncodedSides:
    """Sides with their vectors in the views I, T and IT."""

    def __init__(self, sides: Sequence[Side], views: Views) -> None:
        self.sides = list(sides)
        self._views: dict[Presence, View] = {view: views.of(self.sides, view) for view in VIEWS}

    def has(self, view: Presence) -> Mask:
        """[N] the side can be shown in this view."""
        return self._views[view].usable

    def vectors(self, shown: Presences) -> Vectors:
        """[N, D] vectors of the sides as shown; zeros for what is not."""
        found = np.zeros_like(self._views[Presence.BOTH].vectors)
        for view in VIEWS:
            rows = shown == view
            found[rows] = self._views[view].vectors[rows]
        return found


class Contest:
    """Some queries and the candidates that they are ranked against.

    Args:
        asks: Q queries.
        sides: C candidates, one per product.
        relations: Between the products.
        views: Vectors of both.
    """

    def __init__(
        self, asks: Sequence[Ask], sides: Sequence[Side], relations: Relations, views: Views
    ) -> None:
        self.asks = list(asks)
        self.queries = EncodedSides([ask.side for ask in asks], views)
        self.candidates = EncodedSides(sides, views)
        self._relations = relations

    def task(self, task: tuple[Presence, Presence]) -> Shown:
        """One of the nine tasks: its candidates, and its queries that have a right answer."""
        queries = np.where(self.queries.has(task[0]), task[0], Presence.NONE)
        candidates = np.where(self.candidates.has(task[1]), task[1], Presence.NONE)
        return self.answerable(Shown(queries, candidates))

    def answerable(self, shown: Shown) -> Shown:
        """The same without the queries to which no right answer is shown."""
        queries = shown.queries.copy()
        for rows in self._blocks(shown):
            right, _ = self._judge(rows, shown)
            queries[rows[~right.any(axis=1)]] = Presence.NONE
        return Shown(queries, shown.candidates)

    def scored(self, shown: Shown) -> Iterator[tuple[Rows, Scores, Mask]]:
        """Scores of the queries that are shown, block by block.

        Yields:
            (rows [B] of the queries, scores [B, C] with minus infinity for candidates that are not
            shown or neither right nor wrong, right answers [B, C]).
        """
        asked = self.queries.vectors(shown.queries)
        offered = self.candidates.vectors(shown.candidates)
        for rows in self._blocks(shown):
            right, removed = self._judge(rows, shown)
            scores = asked[rows] @ offered.T
            scores[removed] = -np.inf
            yield rows, scores, right

    def hits(self, shown: Shown) -> Values:
        """[Q] 1.0 where a right answer is among the first ten; a query that is not shown has 0."""
        found = np.zeros(len(self.asks))
        for rows, scores, right in self.scored(shown):
            found[rows] = found_within(scores, right, TOP)
        return found

    def _blocks(self, shown: Shown) -> list[Rows]:
        rows = np.flatnonzero(shown.asked)
        step = max(1, MAX_CELLS // max(1, len(self.candidates.sides)))
        return [rows[start : start + step] for start in range(0, len(rows), step)]

    def _judge(self, rows: Rows, shown: Shown) -> tuple[Mask, Mask]:
        """[B, C] right answers, and [B, C] candidates that are left out of the ranking."""
        right = np.zeros((len(rows), len(shown.candidates)), dtype=bool)
        removed = np.ones_like(right)
        for task in TASKS:
            asked = np.flatnonzero(shown.queries[rows] == task[0])
            offered = np.flatnonzero(shown.candidates == task[1])
            if len(asked) and len(offered):
                asks = [self.asks[rows[row]] for row in asked]
                sides = [self.candidates.sides[row] for row in offered]
                cells = np.ix_(asked, offered)
                right[cells], removed[cells] = judge(asks, sides, self._relations, task)
        return right, removed
