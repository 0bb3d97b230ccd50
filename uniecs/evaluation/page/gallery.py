"""Example rankings, good and bad: what was asked, and the first answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from uniecs.catalog.pairs import Side
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.catalog.reading import Catalog
from uniecs.evaluation.findings import Findings
from uniecs.evaluation.metrics import NOTHING, first_hits
from uniecs.evaluation.page.thumbnails import file_thumbnail, side_thumbnail
from uniecs.evaluation.queries import QueryOutcome
from uniecs.evaluation.tasks import TaskOutcome
from uniecs.evaluation.views import masked

SHOWN_TASKS: tuple[str, ...] = ("T->I", "I->T", "IT->IT")
SHOWN_HITS = 5
RANKERS: tuple[str, ...] = ("hybrid", "encoder")
WORDS = 150


@dataclass(frozen=True)
class Tile:
    """A query or a hit as the page shows it.

    Attributes:
        picture: Data URI, or empty.
        words: Shortened text, or empty.
        title: Name of the product.
        right: Whether a hit is a right answer.
    """

    picture: str
    words: str
    title: str = ""
    right: bool = False


@dataclass(frozen=True)
class Example:
    """One query with its first answers; ``rank`` of the first right one, 0 for none."""

    query: Tile
    hits: list[Tile]
    rank: int


@dataclass(frozen=True)
class Group:
    """Examples of one task or query type."""

    name: str
    note: str
    examples: list[Example]


def example_groups(findings: Findings, catalog: Catalog, examples: int) -> list[Group]:
    """Examples of three tasks and of every query type, the good ones first."""
    if not examples:
        return []
    groups = [
        _task_group(findings.tasks[name], catalog, examples)
        for name in SHOWN_TASKS
        if findings.tasks[name].asks
    ]
    groups += [
        _query_group(kind, by_ranker, catalog, examples)
        for kind, by_ranker in findings.queries.items()
        if any(name in by_ranker for name in RANKERS)
    ]
    return groups


def choose(query_ids: Sequence[str], ranks: Sequence[int], number: int) -> list[int]:
    """Half of the examples with the right answer first, half without one near the top.

    Which ones is decided by a hash of their ids, so it is the same every time.
    """
    shuffled = sorted(range(len(ranks)), key=lambda row: crc32(query_ids[row].encode()))
    good = [row for row in shuffled if ranks[row] == 1][: (number + 1) // 2]
    bad = [row for row in shuffled if ranks[row] == 0 or ranks[row] > SHOWN_HITS][: number // 2]
    rest = [row for row in shuffled if row not in good and row not in bad]
    return [*good, *bad, *rest][:number]


def _task_group(outcome: TaskOutcome, catalog: Catalog, number: int) -> Group:
    query, _, candidate = outcome.name.partition("->")
    seen = {view.label: view for view in VIEWS}
    ranks = first_hits(outcome.ranked, outcome.relevance).tolist()
    examples = []
    for row in choose([ask.query_id for ask in outcome.asks], ranks, number):
        hits = [int(at) for at in outcome.ranked[row][:SHOWN_HITS] if at != NOTHING]
        right = [at in outcome.relevance[row] for at in hits]
        shown = [
            _side_tile(catalog, outcome.sides[at], seen[candidate], right=is_right)
            for at, is_right in zip(hits, right, strict=True)
        ]
        asked = _side_tile(catalog, outcome.asks[row].side, seen[query], right=False)
        examples.append(Example(asked, shown, ranks[row]))
    return Group(outcome.name, f"pool of {len(outcome.sides):,}", examples)


def _side_tile(catalog: Catalog, side: Side, view: Presence, *, right: bool) -> Tile:
    shown = masked(side, view) or Side(side.product_id)
    return Tile(
        picture=side_thumbnail(catalog.folder, shown),
        words=shorten(shown.text),
        title=catalog.by_id[side.product_id].title,
        right=right,
    )


def _query_group(
    kind: str, by_ranker: Mapping[str, QueryOutcome], catalog: Catalog, number: int
) -> Group:
    ranker = next(name for name in RANKERS if name in by_ranker)
    outcome = by_ranker[ranker]
    ranks = [
        next((rank for rank, name in enumerate(names, 1) if query.relevance.get(name, 0) > 0), 0)
        for query, names in zip(outcome.queries, outcome.ranked, strict=True)
    ]
    examples = []
    for row in choose([query.query_id for query in outcome.queries], ranks, number):
        query, names = outcome.queries[row], outcome.ranked[row][:SHOWN_HITS]
        asked = Tile(file_thumbnail(query.image), shorten(query.text))
        hits = [_product_tile(catalog, name, query.relevance) for name in names]
        examples.append(Example(asked, hits, ranks[row]))
    return Group(kind.replace("_", " "), f"whole catalog, ranked by {ranker}", examples)


def _product_tile(catalog: Catalog, product_id: str, relevance: Mapping[str, int]) -> Tile:
    product = catalog.by_id[product_id]
    return Tile(
        picture=side_thumbnail(catalog.folder, Side(product_id, image=product.image or "")),
        words="" if product.image else shorten(product.full_text),
        title=product.title,
        right=relevance.get(product_id, 0) > 0,
    )


def shorten(text: str) -> str:
    """The first words of a text."""
    return text if len(text) <= WORDS else text[:WORDS].rsplit(" ", 1)[0] + " …"
