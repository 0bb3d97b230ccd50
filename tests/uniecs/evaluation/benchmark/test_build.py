"""The whole build on the generated demo catalog, and what it refuses."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from uniecs.catalog.images import decode_image
from uniecs.catalog.pairs import evaluation_pairs
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import SPLITS, normalise_text
from uniecs.errors import CatalogError, UsageError
from uniecs.evaluation.benchmark import BenchmarkConfig, build_benchmark


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_both_sides_of_every_pair_show_one_variant_by_the_generators_truth(demo_benchmark):
    facts = (demo_benchmark.source / "facts.jsonl").read_text().splitlines()
    variant = {row["product_id"]: row["variant"] for row in map(json.loads, facts)}

    pairs = demo_benchmark.table("pairs")

    triggers, recalls = pairs.trigger_product_id.map(variant), pairs.recall_product_id.map(variant)
    assert len(pairs) > 30
    assert (triggers == recalls).all()
    assert {"group", "views"} == set(pairs.made_by)


def test_the_sides_differ_in_text_and_picture_and_share_a_split(demo_benchmark):
    pairs = demo_benchmark.table("pairs")
    split = demo_benchmark.table("catalog").set_index("product_id").split

    assert (pairs.trigger_text.map(normalise_text) != pairs.recall_text.map(normalise_text)).all()
    assert (pairs.trigger_image != pairs.recall_image).all()
    assert (pairs.trigger_product_id.map(split) == pairs.split).all()
    assert (pairs.recall_product_id.map(split) == pairs.split).all()


def test_candidates_are_kept_or_removed_for_one_reason(demo_benchmark):
    summary = demo_benchmark.summary
    rows = summary.rows

    kept, removed = sum(summary.pairs.values()), sum(summary.removed.values())
    assert kept + removed == sum(summary.candidates.values())
    assert rows.usable + sum(rows.left_out.values()) == rows.read == 120
    assert kept == len(demo_benchmark.table("pairs")) == sum(summary.splits.values())


def test_every_row_names_its_licence_and_source(demo_benchmark):
    for name in ("pairs", "catalog", "balanced"):
        table = demo_benchmark.table(name)
        assert set(table.license) == {"Apache-2.0"}
        assert set(table.source) == {"uniecs:demo"}


def test_the_benchmark_is_a_catalog_whose_named_pairs_are_evaluated(demo_benchmark):
    catalog = Catalog(demo_benchmark.folder)
    named = demo_benchmark.table("pairs").set_index("pair_id")

    pairs = [pair for split in SPLITS for pair in evaluation_pairs(catalog, split)]

    assert {pair.pair_id for pair in pairs} == set(named.index)
    for pair in pairs:
        row = named.loc[pair.pair_id]
        assert pair.query.text == row.trigger_text
        assert pair.candidate.image == row.recall_image
        assert decode_image(catalog.folder / pair.query.image).size == (256, 256)
        assert pair.candidate.product_id in catalog.by_id


def test_the_manifest_names_the_sha256_of_every_other_file(demo_benchmark):
    found = files(demo_benchmark.folder)
    manifest = json.loads(found.pop("manifest.json"))

    assert {name: hashlib.sha256(data).hexdigest() for name, data in found.items()} == {
        name: file["sha256"] for name, file in manifest["files"].items()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_pairs(demo_benchmark, tmp_path):
    build_benchmark(demo_benchmark.source, tmp_path / "again")
    build_benchmark(demo_benchmark.source, tmp_path / "other", config=BenchmarkConfig(seed=1))

    first, again = files(demo_benchmark.folder), files(tmp_path / "again")
    assert first == again
    assert files(tmp_path / "other")["pairs.parquet"] != first["pairs.parquet"]


def test_new_splits_put_pairs_into_test_and_keep_the_rest_of_the_catalog(shop):
    for number in range(5):
        facts = {"color": "Blue", "kind": f"kind {number}"}
        for split, title in (("train", f"mug {number}"), ("test", f"cup number {number}")):
            shop.add(f"{split}{number}", title, split=split, brand="Acme", attributes=facts)
    for number in range(40):
        shop.add(f"p{number:02}", f"thing {number}", group_id=f"g{number // 2}")

    with pytest.raises(CatalogError, match="other_split 5"):
        shop.build()
    summary = shop.build(resplit=True)

    catalog = pd.read_parquet(shop.out / "catalog.parquet")
    assert summary.splits == {"train": 0, "val": 0, "test": 5}
    assert len(catalog) == 50
    assert (catalog.split == "test").mean() <= 0.25
    assert (catalog.split == "val").any()
    assert catalog.groupby("group_id").split.nunique().max() == 1


def test_a_category_is_filled_no_further_than_its_cap(demo_benchmark, tmp_path):
    config = BenchmarkConfig(per_category=1)
    summary = build_benchmark(demo_benchmark.source, tmp_path / "capped", config=config)

    pairs = pd.read_parquet(tmp_path / "capped" / "pairs.parquet")
    assert pairs.groupby(["split", "category"]).size().max() == 1
    assert summary.removed["category_full"] > 0


def test_a_build_that_is_interrupted_leaves_nothing(demo_catalog, tmp_path):
    def interrupt(what: str, done: int, total: int) -> None:
        if what == "pictures copied" and done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_benchmark(demo_catalog, tmp_path / "out", progress=interrupt)

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_build_left_behind_is_replaced(demo_benchmark, tmp_path):
    (tmp_path / "out.partial" / "images").mkdir(parents=True)
    (tmp_path / "out.partial" / "images" / "old.png").write_bytes(b"old")

    build_benchmark(demo_benchmark.source, tmp_path / "out")

    assert files(tmp_path / "out") == files(demo_benchmark.folder)


def test_without_pairs_the_error_counts_why(shop):
    shop.add("a", "Blue mug", group_id="g", attributes={"color": "Blue"})
    shop.add("b", "Red mug", group_id="g", attributes={"color": "Red"})
    shop.add("c", "")

    with pytest.raises(CatalogError, match=r"2 usable of 3 rows .*no_title 1, other_variant 1"):
        shop.build()
    assert not shop.out.exists()


def test_a_folder_that_is_taken_is_not_touched(shop):
    shop.out.mkdir()
    (shop.out / "mine.txt").write_text("mine")

    with pytest.raises(CatalogError, match="not empty; name a new folder"):
        shop.build()
    assert files(shop.out) == {"mine.txt": b"mine"}


def test_a_benchmark_inside_its_catalog_is_refused(shop):
    shop.add("a", "Mug")

    with pytest.raises(UsageError, match="inside the catalog"):
        build_benchmark(shop.write(), shop.folder / "out")


@pytest.mark.parametrize("content", [b"no parquet", b""])
def test_an_unreadable_catalog_is_named(tmp_path, content):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "catalog.parquet").write_bytes(content)

    with pytest.raises(CatalogError, match=r"catalog\.parquet is not a readable Parquet file"):
        build_benchmark(tmp_path / "shop", tmp_path / "out")
