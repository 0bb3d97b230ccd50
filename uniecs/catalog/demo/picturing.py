"""Drawing and storing the pictures of a catalog and of its queries."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uniecs.catalog.demo.defects import damage_picture
from uniecs.catalog.demo.drawing import draw_picture
from uniecs.catalog.demo.facts import Listing, Presentation, Variant
from uniecs.catalog.demo.looks import look_of
from uniecs.catalog.demo.queries import DemoQuery
from uniecs.catalog.demo.randomness import random_for

_QUALITY = 86


@dataclass(frozen=True, slots=True)
class PictureOrder:
    """One picture to draw and store.

    Attributes:
        path: Path in the catalog folder.
        variant: What it shows.
        view: How it shows it.
        purpose: Decides background, light and camera position: two orders of the same
            variant, view and purpose give the same bytes.
        defect: Defect of the listing, or None.
    """

    path: str
    variant: Variant
    view: str
    purpose: str
    defect: str | None = None


def listing_pictures(listing: Listing, listings: dict[str, Listing]) -> Iterator[PictureOrder]:
    """Pictures of a listing; none where its pictures are lost."""
    if listing.presentation is Presentation.LOST_PICTURE:
        return
    original = listings.get(listing.copies_picture_of or "", listing)
    for path, taken_as, view in zip(
        listing.image_paths, original.image_paths, listing.views, strict=False
    ):
        yield PictureOrder(path, listing.variant, view, taken_as, listing.defect)


def query_picture(query: DemoQuery) -> Iterator[PictureOrder]:
    """The picture of a query that shows none of the catalog's."""
    if query.picture:
        path = str(query.row["image_path"])
        yield PictureOrder(path, *query.picture, purpose=path)


def store_picture(seed: int, folder: Path, order: PictureOrder) -> None:
    """Draw one picture and write it as JPEG."""
    rng = random_for(seed, "picture", order.purpose)
    buffer = io.BytesIO()
    picture = draw_picture(look_of(order.variant), order.view, rng)
    picture.save(buffer, "JPEG", quality=_QUALITY)
    (folder / order.path).write_bytes(damage_picture(buffer.getvalue(), order.defect))
