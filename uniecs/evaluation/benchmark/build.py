"""Build a benchmark of trigger and recall listings from a catalog."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from uniecs.catalog.digests import file_digest
from uniecs.catalog.reading import find_catalog
from uniecs.catalog.schema import SPLITS
from uniecs.errors import CatalogError
from uniecs.evaluation.benchmark.balanced import balanced_couples
from uniecs.evaluation.benchmark.candidates import (
    SOURCES,
    Candidate,
    by_attributes,
    by_clicks,
    by_group,
    by_views,
)  # fmt: skip
from uniecs.evaluation.benchmark.card import write_card
from uniecs.evaluation.benchmark.choosing import REASONS, Funnel, choose_pairs, doubt
from uniecs.evaluation.benchmark.clicks import clicked_together
from uniecs.evaluation.benchmark.config import BenchmarkConfig
from uniecs.evaluation.benchmark.folder import benchmark_folder, write_manifest
from uniecs.evaluation.benchmark.groups import Groups, groups_of
from uniecs.evaluation.benchmark.leakage import leakage_report, write_leakage
from uniecs.evaluation.benchmark.leaks import Leak, count_kinds, find_leaks
from uniecs.evaluation.benchmark.listings import Listing, Shelf, read_shelf
from uniecs.evaluation.benchmark.pairs import BenchmarkPair, listings_of, orient
from uniecs.evaluation.benchmark.resplit import resplit
from uniecs.evaluation.benchmark.rows import CatalogRow, rows_of_catalog, rows_of_pairs
from uniecs.evaluation.benchmark.summary import Balanced, BenchmarkSummary, Rows
from uniecs.evaluation.benchmark.tables import copy_pictures, write_tables
from uniecs.evaluation.benchmark.unimodal import measure_accuracies
from uniecs.evaluation.benchmark.variants import Variants
from uniecs.evaluation.views import Progress

Clicks = Iterable[tuple[str, str]]
"""(visit, product_id) of every click."""


@dataclass(frozen=True)
class Made:
    """Everything that the files of a benchmark are written from."""

    shelf: Shelf
    variants: Variants
    pairs: list[BenchmarkPair]
    rows: list[CatalogRow]
    groups: Groups
    balanced: list[dict[str, object]]
    funnel: Funnel
    found: list[Leak]
    left: list[Leak]


def build_benchmark(
    catalog: Path,
    out: Path,
    *,
    clicks: Clicks | None = None,
    config: BenchmarkConfig | None = None,
    progress: Progress | None = None,
) -> BenchmarkSummary:
    """Build a benchmark; the same catalog, clicks and config give the same bytes.

    Args:
        catalog: Catalog folder; rows that are not valid are counted and left out.
        out: New or empty folder; it appears when everything in it is complete.
        clicks: Clicks of shoppers, for pairs by co-clicks.
        config: Seed, caps, splits.
        progress: Told how far each part is.

    Raises:
        CatalogError: When the catalog cannot be read, ``out`` is taken, or no pair can be made.
        UsageError: When one folder lies inside the other.
    """
    config = config or BenchmarkConfig()
    with benchmark_folder(catalog, out) as partial:
        made = _make(catalog, clicks, config, progress)
        copy_pictures(catalog, made.rows, partial, progress)
        write_tables(made.rows, made.pairs, made.balanced, made.groups, partial)
        summary = _summary(catalog, out, partial, made)
        leakage = leakage_report(made.shelf, made.pairs, made.found, made.left)
        write_leakage(leakage, catalog, partial)
        write_card(summary, config, made.pairs, catalog.resolve().name, partial)
        write_manifest(partial, config, summary)
    return summary


def _make(
    catalog: Path, clicks: Clicks | None, config: BenchmarkConfig, progress: Progress | None
) -> Made:
    shelf = read_shelf(catalog, progress)
    variants = Variants(shelf.usable)
    together = None if clicks is None else _together(clicks, shelf.usable)
    if config.resplit:
        every = _candidates(shelf.usable, variants, together, config)
        likely = [pair for pair in every if not doubt(pair, variants)]
        shelf = resplit(shelf, likely, config.seed)
    train = [listing for listing in shelf.every if listing.split == "train"]
    found = find_leaks([one for one in shelf.usable if one.split != "train"], train)
    chosen, funnel = choose_pairs(
        _candidates(shelf.usable, variants, together, config),
        variants=variants,
        leaking=frozenset(leak.held.id for leak in found),
        folder=catalog,
        config=config,
    )
    if not chosen:
        raise CatalogError(_no_pairs(catalog, shelf, funnel))
    groups = groups_of(chosen)
    pairs = orient(chosen, groups, config.seed)
    listings = listings_of(pairs)
    couples = balanced_couples(listings, groups, variants)
    return Made(
        shelf=shelf,
        variants=variants,
        pairs=pairs,
        rows=rows_of_catalog(shelf.every, pairs) if config.resplit else rows_of_pairs(pairs),
        groups=groups,
        balanced=[row for number, couple in enumerate(couples) for row in couple.rows(number)],
        funnel=funnel,
        found=found,
        left=find_leaks([one for one in listings if one.split != "train"], train),
    )


def _candidates(
    listings: list[Listing],
    variants: Variants,
    together: Mapping[tuple[str, str], int] | None,
    config: BenchmarkConfig,
) -> Iterator[Candidate]:
    yield from by_group(listings)
    yield from by_attributes(listings, variants)
    yield from by_clicks(listings, together or {}, config.min_support)
    yield from by_views(listings)


def _together(clicks: Clicks, listings: list[Listing]) -> dict[tuple[str, str], int]:
    counts = clicked_together(clicks)
    known = {listing.id for listing in listings}
    if not any(one in known and other in known for one, other in counts):
        raise CatalogError(
            f"no visit of the events has clicks on two usable products of the catalog "
            f"({len(counts):,} pairs of clicked products); give the events of this catalog."
        )
    return counts


def _no_pairs(catalog: Path, shelf: Shelf, funnel: Funnel) -> str:
    counts = {**shelf.left_out, **{code: funnel.refused[code] for code in REASONS}}
    why = ", ".join(f"{code} {count:,}" for code, count in counts.items() if count)
    return (
        f"{catalog}: no pair can be made from {len(shelf.usable):,} usable of {shelf.rows:,} rows "
        f"and {sum(funnel.proposed.values()):,} candidates ({why or 'nothing was refused'}); "
        "a pair needs two listings of one variant with other titles and other pictures (the same "
        "group_id; the same brand, category and attributes; co-clicks of --events), or two views "
        "and two texts of one listing."
    )


def _summary(catalog: Path, out: Path, partial: Path, made: Made) -> BenchmarkSummary:
    by_source = Counter(pair.made_by for pair in made.pairs)
    by_split = Counter(pair.trigger.split for pair in made.pairs)
    by_category = Counter(pair.trigger.product.category for pair in made.pairs)
    return BenchmarkSummary(
        folder=out,
        rows=Rows(
            read=made.shelf.rows,
            usable=len(made.shelf.usable),
            in_pairs=len(listings_of(made.pairs)),
            left_out=made.shelf.left_out,
        ),
        candidates={source: made.funnel.proposed[source] for source in SOURCES},
        removed={code: n for code in REASONS if (n := made.funnel.refused[code])},
        models=sorted(made.variants.model_names),
        floors=made.funnel.floors,
        pairs={source: by_source[source] for source in SOURCES},
        splits={split: by_split[split] for split in SPLITS},
        categories=dict(sorted(by_category.items(), key=lambda item: (-item[1], item[0]))),
        balanced=Balanced(
            rows=len(made.balanced),
            listings=len(made.balanced) // 2,
            accuracy=measure_accuracies(made.balanced, partial),
        ),
        leaks_found=count_kinds(made.found),
        leaks_left=count_kinds(made.left),
        catalog_digest=file_digest(find_catalog(catalog))[:12],
    )
