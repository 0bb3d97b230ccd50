"""A run: what an arm may see, and what is kept of it."""

import json
from pathlib import Path

import pytest

from benchmarks.quality.arms import Run
from benchmarks.quality.running import RESULT, finished, perform, run_folder, shown_catalog
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


@pytest.mark.slow
@pytest.mark.parametrize("arm", ["towers", "released", "ours"])
def test_a_run_leaves_its_figures(accepted_catalog: Path, tmp_path: Path, arm: str) -> None:
    run = Run("demo", arm, 0)
    run_folder(tmp_path, run).mkdir(parents=True)

    perform(run, accepted_catalog, tmp_path)

    assert finished(tmp_path, run)
    kept = json.loads((run_folder(tmp_path, run) / RESULT).read_text())
    assert len(kept["tasks"]) == len(kept["hits"]) == 9
    assert kept["precision"] == "float32"
    assert 0 <= kept["waited_for_batches"] < 1
