"""The demo catalog: products that are invented, drawn and described from a seed.

Some facts are only in the pictures (pattern at times, the exact shade always), some only in the
texts (model number, size); ``facts.jsonl`` holds the whole truth beside the catalog.
"""

from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from uniecs.errors import UsageError

MIN_PRODUCTS = 24
"""Smallest catalog that has something of everything but defects."""


class DemoSummary(BaseModel):
    """What was generated.

    Attributes:
        folder: The catalog folder.
        products: Rows.
        groups: Designs, each in one to four colours.
        types: Product types.
        pictures: Picture files of products.
        queries: Queries by type.
        missing_text: Rows with pictures only.
        missing_pictures: Rows without a usable picture: no path, or a path to no file.
        defects: Deliberately damaged rows by kind.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    products: int
    groups: int
    types: int
    pictures: int
    queries: dict[str, int]
    missing_text: int
    missing_pictures: int
    defects: dict[str, int]


def generate_demo(
    out: Path,
    *,
    products: int = 1200,
    seed: int = 7,
    progress: Callable[[int], None] | None = None,
) -> DemoSummary:
    """Generate a catalog folder; the same arguments give the same bytes of every file.

    That holds on processors of one kind: with other vector instructions the last bit of a sine
    differs, and now and then a grey level of a picture.

    Args:
        out: Folder to create; it may exist if it is empty. It appears only when complete.
        products: Number of rows, at least ``MIN_PRODUCTS``.
        seed: Seed of everything.
        progress: Called with the number of products finished since the last call.

    Raises:
        UsageError: When ``products`` is too small.
        CatalogError: When ``out`` is not empty or cannot be written.

    Example:
        >>> generate_demo(Path("demo"), products=120).products  # doctest: +SKIP
        120
    """
    if products < MIN_PRODUCTS:
        raise UsageError(
            f"A demo catalog of {products} products is too small to have colour variants, "
            f"queries and all splits; ask for at least {MIN_PRODUCTS}."
        )
    from uniecs.catalog.demo.planning import plan_listings
    from uniecs.catalog.demo.writing import whole_folder, write_catalog

    with whole_folder(out) as partial:
        listings = plan_listings(seed, products)
        stats = write_catalog(seed, listings, partial, progress=progress or (lambda _count: None))
    stats["missing_pictures"] = stats["no_picture_path"] + stats["lost_picture"]
    counts = {name: stats[name] for name in DemoSummary.model_fields if name != "folder"}
    return DemoSummary(folder=out, **counts)
