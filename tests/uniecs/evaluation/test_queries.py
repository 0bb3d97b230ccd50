import json

import numpy as np
import pytest

from uniecs.catalog.reading import Catalog, Query
from uniecs.evaluation.queries import in_test, judged_queries, run_queries


def query(kind="attribute", relevance=None, exclude=None, source=None):
    return Query("q1", kind, "red mug", None, exclude, relevance or {"p00": 2}, source)


def ranker(*product_ids):
    return lambda queries, k: [[(name, 1.0) for name in product_ids][:k] for _ in queries]


def test_the_source_of_a_composed_query_is_removed_before_scoring(little_catalog):
    asked = query("composed", {"p00": 2, "p01": 2}, exclude="p00", source="p00")

    outcome = run_queries([asked], ranker("p00", "p01", "p02"), little_catalog, depth=20)

    assert outcome.ranked == [["p01", "p02"]]
    assert outcome.values["hit@1"].tolist() == [1.0]
    assert outcome.values["nDCG@10"].tolist() == [1.0]


def test_gains_are_linear_and_partly_right_is_no_hit(little_catalog):
    asked = query(relevance={"p00": 2, "p01": 1})

    outcome = run_queries([asked], ranker("p01", "p00"), little_catalog, depth=20)

    assert outcome.values["hit@1"].tolist() == [0.0]
    best = 2 + 1 / np.log2(3)
    assert outcome.values["nDCG@10"][0] == pytest.approx((1 + 2 / np.log2(3)) / best)


def test_any_product_with_the_same_picture_is_the_right_answer(little_catalog, tmp_path):
    (tmp_path / "catalog.parquet").write_bytes(little_catalog.file.read_bytes())
    (tmp_path / "image_duplicates.json").write_text(json.dumps([["p03", "p04"]]))
    asked = query("other_view", {"p04": 2})

    outcome = run_queries([asked], ranker("p03", "p04"), Catalog(tmp_path), depth=20)

    assert outcome.values["nDCG@10"].tolist() == [1.0]
    assert outcome.values["hit@1"].tolist() == [1.0]


def test_a_query_that_a_ranker_cannot_answer_scores_zero(little_catalog):
    outcome = run_queries([query()], ranker(), little_catalog, depth=20)

    assert outcome.values["nDCG@10"].tolist() == [0.0]


def test_a_query_counts_for_test_by_its_source_or_its_only_best_answer(little_catalog):
    assert in_test(query(source="p00"), little_catalog)
    assert in_test(query(relevance={"p00": 2, "p01": 1}), little_catalog)
    assert not in_test(query(relevance={"p00": 2, "p01": 2}), little_catalog)
    assert not in_test(query(source="unknown"), little_catalog)


def test_queries_without_a_right_answer_are_not_judged(little_catalog, tmp_path):
    (tmp_path / "catalog.parquet").write_bytes(little_catalog.file.read_bytes())
    rows = [{"query_id": name, "type": "attribute", "text": "mug"} for name in ("a", "b")]
    (tmp_path / "queries.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    (tmp_path / "qrels.tsv").write_text("query_id\tproduct_id\trelevance\na\tp00\t2\nb\tp00\t0\n")

    judged = judged_queries(Catalog(tmp_path))

    assert [q.query_id for q in judged["attribute"]] == ["a"]
