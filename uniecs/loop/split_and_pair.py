"""Split the accepted catalog and pair its listings; stop here when the answer would leak.

Training and evaluation draw the same pairs from the split that this step writes down. It also
shows the pairs to a person, and refuses a catalog that cannot be judged honestly.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uniecs.loop.linking import link_tree
from uniecs.loop.performing import LoopSpec, Report, Step, loop_step, published_digest
from uniecs.settings import Settings

if TYPE_CHECKING:
    from uniecs.catalog.heldout import PictureDigests
    from uniecs.catalog.pairs import Pair

ENOUGH_PAIRS = 110
"""Test pairs to aim at: the offline gate judges a task by 100 queries or more."""


class SplitSpec(LoopSpec):
    """Where the output of validation was published."""

    accepted: Path


@loop_step("split_and_pair")
def run(spec: SplitSpec, _: Settings) -> Step:
    """Write the ``catalog`` with its split, and ``pairs/<split>.jsonl`` of val and test.

    Raises:
        GateRefused: When a pair holds its own answer, or train or test has no pair.
    """
    return Step(
        inputs={"accepted": published_digest(spec.accepted, "catalog")},
        config={"enough_pairs": ENOUGH_PAIRS},
        code=["uniecs.catalog", "uniecs.loop.linking"],
        work=lambda folder: _work(spec.accepted / "catalog", folder),
        headline=_headline,
        refusal=_refusal,
    )


def _work(accepted: Path, folder: Path) -> dict[str, Any]:
    from uniecs.catalog.heldout import PictureDigests
    from uniecs.catalog.pairs import evaluation_pairs, kind_shares
    from uniecs.catalog.reading import Catalog
    from uniecs.catalog.schema import SPLITS

    _write_split(accepted, folder / "catalog")
    catalog = Catalog(folder / "catalog")
    pairs = {split: evaluation_pairs(catalog, split) for split in SPLITS}
    for split in ("val", "test"):
        _write_pairs(folder / "pairs" / f"{split}.jsonl", pairs[split])
    judged = [*pairs["val"], *pairs["test"]]
    digests = PictureDigests(catalog.folder)
    splits = Counter(product.split for product in catalog.products)
    places = {(product.group, product.split) for product in catalog.products}
    return {
        "products": {split: splits[split] for split in SPLITS},
        "pairs": {split: len(found) for split, found in pairs.items()},
        "kinds": kind_shares(judged) if judged else {},
        "groups_in_several_splits": len(places) - len({group for group, _ in places}),
        "leaks": [pair.pair_id for pair in judged if _leaks(pair, digests)],
    }


def _write_split(accepted: Path, target: Path) -> None:
    """The accepted catalog under a second name, with the column ``split`` filled."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from uniecs.catalog.heldout import PictureDigests
    from uniecs.catalog.pairs import listing_pairs
    from uniecs.catalog.reading import Catalog
    from uniecs.catalog.sized_splits import sized_splits

    link_tree(accepted, target)
    source = Catalog(accepted)
    digests = PictureDigests(accepted)
    splits = sized_splits(
        source.products, lambda test: len(listing_pairs(test, digests)) >= ENOUGH_PAIRS
    )
    table = pq.read_table(source.file)
    column = pa.array([splits[name] for name in table["product_id"].to_pylist()], pa.string())
    kept = table.drop_columns([name for name in table.column_names if name == "split"])
    unfinished = target / "catalog.tmp"
    pq.write_table(kept.append_column("split", column), unfinished)
    unfinished.replace(target / "catalog.parquet")


def _write_pairs(path: Path, pairs: "Sequence[Pair]") -> None:
    path.parent.mkdir(exist_ok=True)
    rows = [asdict(pair) | {"answers": sorted(pair.answers)} for pair in pairs]
    lines = [json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _leaks(pair: "Pair", digests: "PictureDigests") -> bool:
    from uniecs.catalog.schema import normalise_text

    query, candidate = pair.query, pair.candidate
    same_text = query.text and normalise_text(query.text) == normalise_text(candidate.text)
    same_picture = (
        query.image
        and query.copy_seed is None
        and digests.of(query.image) == digests.of(candidate.image)
    )
    return bool(same_text or same_picture)


def _headline(report: Report) -> str:
    products = report["products"]
    return (
        f"{products['train']:,} products in train, {products['val']:,} in val, "
        f"{products['test']:,} in test; {report['pairs']['test']:,} test pairs"
    )


def _refusal(report: Report) -> str:
    if report["leaks"]:
        return (
            f"{len(report['leaks'])} pairs hold their own answer, first {report['leaks'][0]!r}: "
            "figures from them would say nothing. Mend these listings."
        )
    empty = [split for split in ("train", "test") if not report["pairs"][split]]
    if empty:
        return (
            f"No pair can be made in {' and '.join(empty)}: products need a picture, or two "
            "different texts. Add products, or give the catalog a column `split`."
        )
    return ""
