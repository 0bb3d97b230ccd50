from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd
import pytest

from uniecs.catalog.pairs import evaluation_pairs
from uniecs.catalog.reading import Catalog
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.material import prepare
from uniecs.evaluation.pool_sizes import grow_pool
from uniecs.evaluation.remembering import Remembered


@pytest.fixture
def split_catalog(little_catalog, tmp_path):
    """Six products in test, ten in train."""
    rows = pd.read_parquet(little_catalog.file)
    rows["split"] = ["test" if number % 3 == 0 else "train" for number in range(16)]
    rows.to_parquet(tmp_path / "catalog.parquet")
    for path in little_catalog.folder.glob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return Catalog(tmp_path)


def grown(catalog, encoder, *sizes, pool="split"):
    config = EvaluationConfig(samples=100, pool_sizes=sizes)
    pairs = evaluation_pairs(catalog, "test")
    return grow_pool(prepare(encoder, catalog, pairs, pool, config, None))


def test_the_pool_grows_as_far_as_the_catalog_reaches_and_says_so(split_catalog, words_and_colours):
    sizes = grown(split_catalog, words_and_colours, 10, 1000)

    assert [(size.wanted, size.reached) for size in sizes] == [(6, 6), (10, 10), (1000, 16)]
    assert [size.tasks["T->I"].pool for size in sizes] == [6, 10, 16]
    assert {task.queries for size in sizes for task in size.tasks.values()} == {6}


@dataclass(frozen=True)
class KnowsNothing:
    """Vectors that only depend on the content's spelling."""

    model_version: str = "m-noise"
    dim: int = 16

    def encode(self, items, *, batch_size=64):  # noqa: ARG002
        rows = [
            np.random.default_rng(crc32(repr(item.text).encode())).normal(size=16) for item in items
        ]
        vectors = np.array(rows, np.float32)
        return Remembered(vectors, vectors[:, :2], [None] * len(items))


def test_without_knowledge_recall_falls_as_chance_does(tmp_path):
    rows = [
        {"product_id": f"p{n:03}", "title": f"a{n}", "description": f"b{n}",
         "split": "test" if n < 100 else "train"}
        for n in range(500)
    ]  # fmt: skip
    pd.DataFrame(rows).to_parquet(tmp_path / "catalog.parquet")

    sizes = grown(Catalog(tmp_path), KnowsNothing(), 200, 500)

    for size in sizes:
        assert size.tasks["T->T"].recall_10 == pytest.approx(10 / size.reached, abs=0.06)
    assert sizes[0].macro.recall_10 >= sizes[1].macro.recall_10 >= sizes[2].macro.recall_10
    assert set(sizes[0].tasks) == {"T->T"}


def test_a_split_larger_than_a_size_is_not_cut(split_catalog, words_and_colours):
    assert [size.reached for size in grown(split_catalog, words_and_colours, 3)] == [6, 6]


def test_without_sizes_no_other_listing_is_encoded(split_catalog, words_and_colours):
    [own] = grown(split_catalog, words_and_colours)
    few = len(words_and_colours.encoded)

    grown(split_catalog, words_and_colours, 10)

    assert own.reached == 6
    assert len(words_and_colours.encoded) - few == few + 4 * 3


def test_the_largest_pool_is_the_whole_catalog_as_pool(split_catalog, words_and_colours):
    alone = grown(split_catalog, words_and_colours, 16)
    within = grown(split_catalog, words_and_colours, 16, pool="catalog")

    assert alone == within
