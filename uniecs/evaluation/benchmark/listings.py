"""The listings of a catalog that can stand on a side of a pair: a title and a readable picture."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from uniecs.catalog.formats import DEFECT
from uniecs.catalog.reading import read_rows
from uniecs.catalog.schema import Product
from uniecs.catalog.splits import split_of
from uniecs.errors import CatalogError, ImageError
from uniecs.evaluation.benchmark.fingerprints import Picture, is_near, read_picture
from uniecs.evaluation.benchmark.titles import Words, words_of
from uniecs.evaluation.views import Progress

DECODERS = 4
_BLOCK = 256


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """A product with everything that is known about it.

    Attributes:
        product: The catalog row.
        split: train, val or test.
        pictures: Its readable pictures in order; the first is the one that is indexed.
        words: Words of its title.
    """

    product: Product
    split: str
    pictures: tuple[Picture, ...]
    words: Words

    @property
    def id(self) -> str:
        """product_id."""
        return self.product.product_id

    @property
    def picture(self) -> Picture:
        """The indexed picture; only for a listing that has one."""
        return self.pictures[0]

    @property
    def view(self) -> Picture | None:
        """Another picture of it, which is no copy of the indexed one."""
        others = (one for one in self.pictures[1:] if not is_near(one, self.picture))
        return next(others, None)


@dataclass(frozen=True)
class Shelf:
    """What was read from a catalog.

    Attributes:
        rows: Rows in the file.
        every: All valid products; what training may have seen comes from here.
        usable: Those with a title and a readable picture.
        left_out: Reason code -> rows that are not usable.
    """

    rows: int
    every: list[Listing]
    usable: list[Listing]
    left_out: dict[str, int]


def read_shelf(folder: Path, progress: Progress | None = None) -> Shelf:
    """Read a catalog and fingerprint its pictures; rows that are of no use are counted.

    Raises:
        CatalogError: When the catalog cannot be read or is empty.
    """
    left_out: Counter[str] = Counter()
    known: dict[str, Product] = {}
    rows = 0
    for number, raw in read_rows(folder):
        rows = number + 1
        product = _valid(raw)
        if product is None:
            left_out["invalid_row"] += 1
        elif known.setdefault(product.product_id, product) is not product:
            left_out["duplicate_id"] += 1
    if not rows:
        raise CatalogError(f"{folder} has no rows; add products to it.")
    every = _with_pictures(folder, list(known.values()), progress)
    usable = [listing for listing in every if listing.words and listing.pictures]
    left_out["no_title"] = sum(not listing.words for listing in every)
    left_out["no_picture"] = sum(bool(one.words) and not one.pictures for one in every)
    return Shelf(rows, every, usable, {code: n for code, n in left_out.items() if n})


def _valid(raw: dict[str, object]) -> Product | None:
    if DEFECT in raw:
        return None
    try:
        return Product.model_validate(raw)
    except ValidationError:
        return None


def _with_pictures(
    folder: Path, products: Sequence[Product], progress: Progress | None
) -> list[Listing]:
    def listing(product: Product) -> Listing:
        pictures = tuple(_readable(folder, product.image_paths))
        return Listing(product, split_of(product), pictures, words_of(product.title))

    found: list[Listing] = []
    with ThreadPoolExecutor(DECODERS) as pool:  # Pillow decodes outside the interpreter lock
        for start in range(0, len(products), _BLOCK):
            found += pool.map(listing, products[start : start + _BLOCK])
            if progress:
                progress("fingerprints of pictures", len(found), len(products))
    return found


def _readable(folder: Path, paths: Sequence[str]) -> list[Picture]:
    pictures = []
    for path in paths:
        try:
            pictures.append(read_picture(folder, path))
        except ImageError:
            continue
    return pictures
