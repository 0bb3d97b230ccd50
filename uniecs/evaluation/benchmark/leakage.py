"""``leakage.json`` and ``leakage.html``: what held-out listings share with the train split."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from uniecs.catalog.images import resolve_image
from uniecs.catalog.schema import SPLITS
from uniecs.evaluation.benchmark.leaks import KINDS, Leak
from uniecs.evaluation.benchmark.listings import Listing, Shelf
from uniecs.evaluation.benchmark.pairs import BenchmarkPair, listings_of
from uniecs.evaluation.page.thumbnails import file_thumbnail

EXAMPLES = 12
"""Shown of each kind."""
HELD: tuple[str, ...] = tuple(split for split in SPLITS if split != "train")
TEMPLATE = Path(__file__).parent / "leakage.html.jinja"


class Example(BaseModel):
    """A held-out listing and the train listing that gives it away."""

    model_config = ConfigDict(frozen=True)

    split: str
    product_id: str
    title: str
    image: str
    train_product_id: str
    train_title: str
    train_image: str


class Check(BaseModel):
    """One kind of leak.

    Attributes:
        kind: exact_picture, near_picture, title or group.
        meaning: One sentence.
        found: Held-out listings of the catalog that leak, by split.
        left: The same for the listings of the benchmark.
        examples: The first ones; of those that are left, where there are any.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    meaning: str
    found: dict[str, int]
    left: dict[str, int]
    examples: list[Example]


class LeakageReport(BaseModel):
    """Train against val and test.

    Attributes:
        clean: Nothing is left in the benchmark.
        train_listings: Listings of the catalog's train split, with their pictures.
        catalog: Usable held-out listings of the catalog, by split.
        benchmark: Held-out listings of the benchmark, by split.
        checks: One for each kind.
    """

    model_config = ConfigDict(frozen=True)

    clean: bool
    train_listings: int
    train_pictures: int
    catalog: dict[str, int]
    benchmark: dict[str, int]
    checks: list[Check]


def leakage_report(
    shelf: Shelf, pairs: Sequence[BenchmarkPair], found: Sequence[Leak], left: Sequence[Leak]
) -> LeakageReport:
    """Count leaks in the catalog and in the benchmark."""
    train = [listing for listing in shelf.every if listing.split == "train"]
    return LeakageReport(
        clean=not left,
        train_listings=len(train),
        train_pictures=sum(len(listing.pictures) for listing in train),
        catalog=_by_split(shelf.usable),
        benchmark=_by_split(listings_of(pairs)),
        checks=[_check(kind, found, left) for kind in KINDS],
    )


def write_leakage(report: LeakageReport, catalog: Path, out: Path) -> None:
    """Write both files; thumbnails on the page come from the catalog."""
    from jinja2 import Environment, StrictUndefined

    text = report.model_dump_json(indent=1)
    (out / "leakage.json").write_text(text + "\n", encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))

    def thumbnail(path: str) -> str:
        return file_thumbnail(resolve_image(catalog, path)) if path else ""

    page = template.render(
        report=report, held=HELD, thumbnail=thumbnail, name=catalog.resolve().name
    )
    (out / "leakage.html").write_text(page, encoding="utf-8")


def _check(kind: str, found: Sequence[Leak], left: Sequence[Leak]) -> Check:
    of_kind = [leak for leak in found if leak.kind == kind]
    still = [leak for leak in left if leak.kind == kind]
    shown = sorted(still or of_kind, key=lambda leak: leak.held.split)[:EXAMPLES]
    return Check(
        kind=kind,
        meaning=KINDS[kind],
        found=_by_split([leak.held for leak in of_kind]),
        left=_by_split([leak.held for leak in still]),
        examples=[_example(leak) for leak in shown],
    )


def _example(leak: Leak) -> Example:
    both = (leak.held.pictures[:1], leak.seen.pictures[:1])
    held, seen = [one[0].path if one else "" for one in both]
    if leak.pictures:
        held, seen = [picture.path for picture in leak.pictures]
    return Example(
        split=leak.held.split,
        product_id=leak.held.id,
        title=leak.held.product.title.strip(),
        image=held,
        train_product_id=leak.seen.id,
        train_title=leak.seen.product.title.strip(),
        train_image=seen,
    )


def _by_split(listings: Sequence[Listing]) -> dict[str, int]:
    counts = Counter(listing.split for listing in listings)
    return {split: counts[split] for split in HELD}
