"""The catalogs of the arms: what they may see, at which size."""

from pathlib import Path
from shutil import copytree

from PIL import Image

from benchmarks.quality.catalogs import (
    SIDE,
    shown_catalog,
    small_catalog,
    with_small_pictures,
    without_queries,
)
from uniecs.catalog.reading import Catalog


def test_an_arm_of_one_modality_sees_nothing_of_the_other(
    accepted_catalog: Path, tmp_path: Path
) -> None:
    texts = Catalog(shown_catalog(accepted_catalog, "texts", tmp_path)).products
    pictures = Catalog(shown_catalog(accepted_catalog, "pictures", tmp_path)).products

    assert texts
    assert pictures
    assert not any(product.image_paths for product in texts)
    assert not any(product.full_text for product in pictures)
    assert {p.split for p in texts} == {p.split for p in pictures} == {"train", "val", "test"}
    assert shown_catalog(accepted_catalog, "all", tmp_path) == accepted_catalog


def test_pictures_are_made_small_and_nothing_else_changes(
    accepted_catalog: Path, tmp_path: Path
) -> None:
    whole = Path(copytree(accepted_catalog, tmp_path / "whole"))
    before = Catalog(whole)
    path = next(product.image for product in before.products if product.image)
    Image.new("RGB", (3 * SIDE, 2 * SIDE)).save(whole / path)
    broken = next(p.image for p in reversed(before.products) if p.image and p.image != path)
    (whole / broken).write_bytes(b"no picture")

    small = with_small_pictures(whole, tmp_path / "small")

    assert Catalog(small).products == before.products
    assert len(Catalog(small).queries) == len(before.queries)
    with Image.open(small / path) as picture:
        assert max(picture.size) == SIDE
    with Image.open(whole / path) as picture:
        assert picture.size == (3 * SIDE, 2 * SIDE)
    assert (small / broken).read_bytes() == b"no picture"
    assert not Catalog(without_queries(small, tmp_path)).queries


def test_an_absent_catalog_is_none_and_one_that_was_made_is_kept(tmp_path: Path) -> None:
    assert small_catalog("myntra_dev", tmp_path / "absent", tmp_path) is None
    (tmp_path / "myntra_dev" / "catalog").mkdir(parents=True)

    found = small_catalog("myntra_dev", tmp_path / "absent", tmp_path)

    assert found == tmp_path / "myntra_dev" / "catalog"
