import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from uniecs.catalog.demo import generate_demo
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import COLUMNS, Product
from uniecs.catalog.splits import split_of
from uniecs.errors import CatalogError, UsageError

if TYPE_CHECKING:
    from conftest import Generated


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from uniecs.catalog.demo import generate_demo;"
        "generate_demo(Path(sys.argv[1]), products=24, seed=3)"
    )
    environment = os.environ | {"PYTHONHASHSEED": "11"}
    generate_demo(tmp_path / "here", products=24, seed=3)
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "there")], env=environment, check=True
    )

    here, there = digests(tmp_path / "here"), digests(tmp_path / "there")

    assert here == there
    assert len(here) > 24


def test_another_seed_gives_another_catalog(tmp_path: Path) -> None:
    generate_demo(tmp_path / "one", products=24, seed=1)
    generate_demo(tmp_path / "two", products=24, seed=2)

    one, two = digests(tmp_path / "one"), digests(tmp_path / "two")

    assert one["catalog.parquet"] != two["catalog.parquet"]
    assert not set(one.values()) & set(two.values())


def test_the_folder_has_the_format_of_the_real_catalogs(demo: "Generated") -> None:
    row = demo.rows[0]

    assert tuple(row) == COLUMNS
    assert len(demo.rows) == demo.summary.products == 160
    assert json.loads(row["attributes"])["color"]
    assert row["category"].count(" > ") == 2
    assert {path.name for path in demo.folder.iterdir()} == {
        "catalog.parquet", "facts.jsonl", "image_duplicates.json", "images", "qrels.tsv",
        "queries.jsonl", "query_images", "stats.json",
    }  # fmt: skip


def test_the_catalog_reader_reads_rows_queries_and_judgements(tmp_path: Path) -> None:
    generate_demo(tmp_path / "demo", products=60)

    catalog = Catalog(tmp_path / "demo")

    assert len(catalog.products) == 60
    assert {query.type for query in catalog.queries} == {"attribute", "other_view", "composed"}
    assert all(2 in query.relevance.values() for query in catalog.queries)


def test_the_split_column_agrees_with_the_hash_of_the_group(demo: "Generated") -> None:
    for row in demo.rows:
        hashed = split_of(Product(product_id="1", title="-", group_id=row["group_id"]))
        assert row["split"] == hashed


def test_progress_counts_every_product(demo: "Generated") -> None:
    assert sum(demo.progress) == 160


def test_every_picture_of_a_sound_row_decodes_at_256_px(demo: "Generated") -> None:
    for row, facts in zip(demo.rows, demo.facts, strict=True):
        if facts["presentation"] != "lost picture" and facts["defect"] is None:
            for path in row["image_paths"]:
                with Image.open(demo.folder / path) as image:
                    image.load()
                    assert (image.format, image.size) == ("JPEG", (256, 256))


def test_same_picture_groups_hold_byte_identical_first_pictures(demo: "Generated") -> None:
    groups = json.loads((demo.folder / "image_duplicates.json").read_text())
    first = {row["product_id"]: row["image_paths"] for row in demo.rows}

    assert groups
    for group in groups:
        assert len(group) > 1
        assert len({(demo.folder / first[product][0]).read_bytes() for product in group}) == 1


def test_counts_of_the_summary_are_the_counts_of_the_folder(demo: "Generated") -> None:
    stats = json.loads((demo.folder / "stats.json").read_text())

    assert demo.summary.pictures == len(list((demo.folder / "images").iterdir()))
    assert demo.summary.groups == len({row["group_id"] for row in demo.rows})
    assert demo.summary.missing_text == sum(not row["title"] for row in demo.rows)
    assert demo.summary.queries == stats["queries"]
    assert stats["qrels"] == sum(len(judged) for judged in demo.relevance.values())


def test_a_catalog_that_is_too_small_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 24"):
        generate_demo(tmp_path / "demo", products=23)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")

    with pytest.raises(CatalogError, match="not empty"):
        generate_demo(tmp_path, products=24)

    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mine.txt"]


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("keep me")

    with pytest.raises(CatalogError, match="not a folder"):
        generate_demo(tmp_path / "demo", products=24)


def test_an_interrupted_run_leaves_no_half_catalog_and_can_be_repeated(tmp_path: Path) -> None:
    def interrupt(_count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        generate_demo(tmp_path / "demo", products=24, progress=interrupt)
    assert not (tmp_path / "demo").exists()

    generate_demo(tmp_path / "demo", products=24)

    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["demo"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()

    assert generate_demo(tmp_path / "demo", products=24).products == 24


def test_asking_for_a_demo_loads_no_heavy_library() -> None:
    code = (
        "import sys, uniecs.catalog.demo;"
        "assert not {'numpy', 'PIL', 'pandas', 'pyarrow', 'torch'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)
