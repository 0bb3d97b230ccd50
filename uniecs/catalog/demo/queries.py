"""What a demo query is, and the queries that hold a picture: another view, picture and wish."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from uniecs.catalog.demo.facts import Listing, Presentation, Variant
from uniecs.catalog.demo.phrases import CHANGES
from uniecs.catalog.demo.planning import spare_view
from uniecs.catalog.demo.randomness import pick, random_for
from uniecs.catalog.demo.shop import by_group, by_variant, interleaved, sound


@dataclass(frozen=True, slots=True)
class DemoQuery:
    """A query with its judgements.

    Attributes:
        row: The line of ``queries.jsonl``.
        relevance: product_id -> 2 right, 1 partial.
        picture: Variant and view to draw for it at the row's image_path; None when the query
            has no picture or uses one of the catalog's.
    """

    row: dict[str, Any]
    relevance: dict[str, int]
    picture: tuple[Variant, str] | None = None


def other_view_queries(seed: int, listings: list[Listing], count: int) -> list[DemoQuery]:
    """A picture of a view that no listing shows: the variant is right, its colours partial."""
    rng = random_for(seed, "other view queries")
    groups = by_group(sound(listings))
    candidates = [
        those
        for those in by_variant(sound(listings)).values()
        if any(one.has_picture for one in those) and spare_view(those)
    ]
    return [
        _other_view(those, groups[those[0].variant.design.group_id])
        for those in islice(interleaved(rng, candidates, _split_of_first), count)
    ]


def _other_view(those: list[Listing], group: list[Listing]) -> DemoQuery:
    variant = those[0].variant
    source = next(one for one in those if one.has_picture)
    view = str(spare_view(those))
    return DemoQuery(
        row={
            "query_id": f"view_{variant.key}", "type": "other_view", "text": "",
            "image_path": f"query_images/{variant.key}_{view}.jpg",
            "source_product_id": source.product_id, "lang": "en", "derived": False,
        },
        relevance={one.product_id: 2 if one.variant == variant else 1 for one in group},
        picture=(variant, view),
    )  # fmt: skip


def composed_queries(seed: int, listings: list[Listing], count: int) -> list[DemoQuery]:
    """The first picture of a listing and the wish for another colour of its design."""
    rng = random_for(seed, "composed queries")
    groups = by_group(sound(listings))
    candidates = [
        (source, groups[source.variant.design.group_id])
        for source in sound(listings)
        if source.presentation is Presentation.FULL
        and _other_colours(source, groups[source.variant.design.group_id])
    ]
    chosen = interleaved(rng, candidates, lambda pair: pair[0].variant.design.split)
    queries = []
    for source, group in islice(chosen, count):
        colour = pick(rng, _other_colours(source, group))
        row = {
            "query_id": f"comp_{source.product_id}",
            "type": "composed",
            "text": pick(rng, CHANGES).format(colour=colour),
            "image_path": source.image_paths[0],
            "source_product_id": source.product_id,
            "lang": "en",
            "derived": False,
        }
        relevance = {
            one.product_id: 2 if one.variant.colour.name == colour else 1
            for one in group
            if one.variant != source.variant
        }
        queries.append(DemoQuery(row, relevance))
    return queries


def _other_colours(source: Listing, group: Iterable[Listing]) -> list[str]:
    """Colours of the design that another listing shows in a picture, in catalog order."""
    others = (one for one in group if one.variant != source.variant and one.has_picture)
    return list(dict.fromkeys(one.variant.colour.name for one in others))


def _split_of_first(those: list[Listing]) -> str:
    return those[0].variant.design.split
