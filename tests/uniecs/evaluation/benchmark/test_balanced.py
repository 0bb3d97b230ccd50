"""The balanced subset: one modality alone tells nothing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from uniecs.catalog.demo import generate_demo
from uniecs.catalog.reading import Catalog
from uniecs.evaluation.benchmark import build_benchmark
from uniecs.evaluation.benchmark.unimodal import measure_accuracies


def test_every_picture_and_every_title_stands_once_in_a_match_and_once_in_a_mismatch(
    demo_benchmark,
):
    rows = demo_benchmark.table("balanced")

    assert len(rows) == 4 * rows.couple.nunique() >= 40
    for element in ("image", "text", "image_product_id", "text_product_id"):
        counts = rows.groupby([element, "match"]).size()
        assert (counts == 1).all()
        assert len(counts) == 2 * rows[element].nunique()


def test_a_mismatch_borrows_the_title_of_another_group_in_the_same_category_and_split(
    demo_benchmark,
):
    rows = demo_benchmark.table("balanced")
    by_id = Catalog(demo_benchmark.folder).by_id

    for row in rows.itertuples():
        shown, told = by_id[row.image_product_id], by_id[row.text_product_id]
        assert row.match == (shown is told)
        assert row.match or shown.group_id != told.group_id
        assert (shown.category, shown.split) == (told.category, told.split)
        assert row.match or shown.attributes != told.attributes


def test_one_modality_alone_is_near_chance_and_the_card_says_so(demo_benchmark):
    accuracy = demo_benchmark.summary.balanced.accuracy

    assert abs(accuracy.image - 0.5) <= 0.08
    assert abs(accuracy.text - 0.5) <= 0.08
    card = (demo_benchmark.folder / "README.md").read_text()
    assert f"| picture alone | {accuracy.image:.3f} |" in card
    assert f"| title alone | {accuracy.text:.3f} |" in card


@pytest.mark.slow
def test_on_the_whole_demo_catalog_only_both_modalities_together_tell_more_than_chance(tmp_path):
    generate_demo(tmp_path / "demo", products=1200, seed=7)

    accuracy = build_benchmark(tmp_path / "demo", tmp_path / "out").balanced.accuracy

    assert accuracy is not None
    assert accuracy.rows > 1000
    assert abs(accuracy.image - 0.5) <= 0.08
    assert abs(accuracy.text - 0.5) <= 0.08
    assert accuracy.both > 0.55


def test_a_subset_whose_pictures_or_titles_give_the_answer_away_is_caught(tmp_path: Path):
    rng = np.random.default_rng(0)
    rows = []
    for couple in range(20):
        for match in (True, False):
            name = f"{couple}{match}.png"
            pixels = rng.normal(200 if match else 60, 10, (40, 40, 3)).clip(0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / name)
            text = f"mug {couple} {'right' if match else 'wrong'}"
            rows.append({"couple": couple, "match": match, "image": name, "text": text})

    accuracy = measure_accuracies(rows, tmp_path)

    assert accuracy is not None
    assert accuracy.image > 0.9
    assert accuracy.text > 0.9


def test_too_few_couples_are_not_judged(shop):
    shop.add("a", "Acme mug in blue", group_id="g")
    shop.add("b", "Blue coffee cup", group_id="g")

    summary = shop.build()

    assert summary.balanced.accuracy is None
    assert "Too few couples" in (shop.out / "README.md").read_text()
