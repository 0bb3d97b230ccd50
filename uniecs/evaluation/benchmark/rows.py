"""Rows of the benchmark's own ``catalog.parquet``: a catalog of the listings of its pairs."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from uniecs.evaluation.benchmark.fingerprints import Picture
from uniecs.evaluation.benchmark.groups import Groups
from uniecs.evaluation.benchmark.listings import Listing
from uniecs.evaluation.benchmark.pairs import UNKNOWN, BenchmarkPair, image_name, listings_of


@dataclass(frozen=True, slots=True, eq=False)
class CatalogRow:
    """A listing with the pictures that the benchmark shows of it, the indexed one first."""

    listing: Listing
    pictures: tuple[Picture, ...]

    def cells(self, groups: Groups) -> dict[str, Any]:
        """The listing as a catalog row, in the group that pairs made of its own."""
        product = self.listing.product
        return product.model_dump() | {
            "group_id": groups.of(product.group),
            "attributes": json.dumps(product.attributes, ensure_ascii=False, sort_keys=True),
            "image_paths": [image_name(picture) for picture in self.pictures],
            "split": self.listing.split,
            "source": product.source or UNKNOWN,
            "license": product.license or UNKNOWN,
        }


def rows_of_pairs(pairs: Sequence[BenchmarkPair]) -> list[CatalogRow]:
    """The listings of the pairs, by id, with the pictures that the pairs show."""
    shown = {pair.recall.id: pair.shown for pair in pairs if pair.trigger is pair.recall}
    return [
        CatalogRow(one, (one.picture, shown[one.id]) if one.id in shown else (one.picture,))
        for one in listings_of(pairs)
    ]


def rows_of_catalog(
    listings: Sequence[Listing], pairs: Sequence[BenchmarkPair]
) -> list[CatalogRow]:
    """All listings, in their order; those that are in no pair with every readable picture."""
    paired = {row.listing.id: row for row in rows_of_pairs(pairs)}
    return [paired.get(one.id) or CatalogRow(one, one.pictures) for one in listings]
