import json
import re

import numpy as np
import pandas as pd
import pytest

from uniecs.catalog.presence import TASKS, task_name
from uniecs.catalog.reading import Catalog
from uniecs.errors import CatalogError, DataError, UsageError
from uniecs.evaluation.evaluate import evaluate
from uniecs.evaluation.metrics import METRICS
from uniecs.evaluation.report import altered_files, read_report

FILES = ("report.json", "per_query.parquet", "report.html", "card.md", "digests.json")


@pytest.fixture(scope="module")
def judged_catalog(little_catalog, tmp_path_factory):
    """The little catalog with judged queries of two types."""
    folder = tmp_path_factory.mktemp("judged") / "catalog"
    folder.mkdir()
    for path in little_catalog.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    queries = [
        {"query_id": "w1", "type": "attribute", "text": "red mug"},
        {"query_id": "w2", "type": "attribute", "text": "blue lamp"},
        {"query_id": "c1", "type": "composed", "text": "in red", "image_path": "2.png",
         "source_product_id": "p02"},
        {"query_id": "d1", "type": "description_to_image", "text": "a red mug"},
    ]  # fmt: skip
    (folder / "queries.jsonl").write_text("\n".join(json.dumps(query) for query in queries))
    rights = [("w1", "p00"), ("w2", "p06"), ("c1", "p00"), ("d1", "p00")]
    lines = ["query_id\tproduct_id\trelevance", *(f"{q}\t{p}\t2" for q, p in rights)]
    (folder / "qrels.tsv").write_text("\n".join(lines))
    return Catalog(folder)


def always_mugs(queries, k):
    return [[("p00", 1.0), ("p01", 0.5)][:k] for _ in queries]


@pytest.fixture
def folder(judged_catalog, words_and_colours, tmp_path):
    evaluate(words_and_colours, judged_catalog, rankers={"hybrid": always_mugs}, report=tmp_path)
    return tmp_path


def test_the_report_has_nine_tasks_a_mean_query_types_and_says_what_it_is_of(
    folder, judged_catalog
):
    report = json.loads((folder / "report.json").read_text())

    assert list(report["tasks"]) == [task_name(*task) for task in TASKS]
    for task in report["tasks"].values():
        assert set(METRICS) | {"queries", "pool", "ci95"} <= set(task)
        assert set(task["ci95"]) == set(METRICS)
        assert all(low <= task[name] <= high for name, (low, high) in task["ci95"].items())
        assert task["queries"] == task["pool"] == 16
    assert set(METRICS) | {"ci95"} == set(report["macro"])
    mean = np.mean([task["R@10"] for task in report["tasks"].values()])
    assert report["macro"]["R@10"] == pytest.approx(mean)
    assert report["model_version"] == "m-words"
    assert report["catalog_digest"] == judged_catalog.digest
    assert report["pairs"] == {"copy": 1.0}
    assert report["sanity"]["T->I whole text"]["queries"] == 16


def test_query_types_are_scored_for_every_ranker_beside_the_baseline(folder):
    queries = json.loads((folder / "report.json").read_text())["queries"]

    assert queries["attribute"]["hybrid"]["hit@1"] == 0.5
    assert queries["attribute"]["hybrid"]["queries"] == 2
    assert queries["attribute"]["baseline"]["hit@1"] == 1.0
    assert queries["composed"]["hybrid"]["test_only"]["queries"] == 1
    assert set(queries["description_to_image"]) == {"hybrid"}


def test_values_per_query_average_to_the_report(folder):
    report, table = read_report(folder), pd.read_parquet(folder / "per_query.parquet")

    for name, rows in table.groupby("task"):
        assert rows["query_id"].is_unique
        assert rows["R@10"].mean() == pytest.approx(report.tasks[name].recall_10)


def test_what_lies_beyond_the_tasks_has_keys_of_its_own(folder):
    content = json.loads((folder / "report.json").read_text())

    assert content["mixed_pool"]["candidates"] == 16
    assert len(content["degradation"]["curves"]) == 4
    assert [size["reached"] for size in content["pool_sizes"]] == [16, 16, 16]
    assert content["slices"]["tasks"]["category"] == {}
    assert content["slices"]["tasks"]["colour"]["red"] == {"n": 4, "status": "insufficient_data"}
    assert content["slices"]["judged"]["hybrid"]["number"]["without"]["n"] == 4
    assert set(content["unimodal"]) == {"I->IT", "T->IT", "IT->I", "IT->T", "IT->IT"}
    assert content["calibration"]["queries"] == 16
    assert "training" not in content


def test_loss_weights_are_in_the_report_of_a_run_whose_history_is_at_hand(
    little_catalog, words_and_colours, tmp_path
):
    history = tmp_path / "history.jsonl"
    history.write_text('{"step": 1, "weight_intra": 0.5}\n{"step": 2, "weight_intra": 0.7}\n')

    evaluate(words_and_colours, little_catalog, report=tmp_path / "r", history=history)

    assert read_report(tmp_path / "r").training.weights == {"intra": [0.5, 0.7]}
    assert "Loss weights over training" in (tmp_path / "r" / "report.html").read_text()


def test_a_report_of_the_first_version_is_still_read(folder):
    content = json.loads((folder / "report.json").read_text())
    new = ("mixed_pool", "degradation", "pool_sizes", "slices", "unimodal", "calibration")
    (folder / "report.json").write_text(
        json.dumps({name: value for name, value in content.items() if name not in new})
    )

    assert read_report(folder).mixed_pool is None


def test_the_same_inputs_give_the_same_bytes(folder, judged_catalog, words_and_colours, tmp_path):
    again = tmp_path / "again"

    evaluate(words_and_colours, judged_catalog, rankers={"hybrid": always_mugs}, report=again)

    for name in FILES:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name


def test_the_page_stands_alone_and_escapes_what_the_catalog_says(folder):
    page = (folder / "report.html").read_text()

    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "http" not in page
    assert "<script" not in page
    assert page.count("<svg") >= 5
    assert "data:image/jpeg;base64," in page


def test_the_page_names_the_types_in_which_hybrid_search_loses_to_the_baseline(folder):
    queries = json.loads((folder / "report.json").read_text())["queries"]
    hybrid, baseline = (queries["attribute"][ranker] for ranker in ("hybrid", "baseline"))
    assert hybrid["nDCG@10"] < baseline["nDCG@10"]

    page = (folder / "report.html").read_text()

    assert "Hybrid no lower than the baseline" in page
    assert "1 of 2" in page
    assert "below: attribute" in page
    assert '<span class="down">-0.500</span>' in page


def test_a_report_knows_when_it_was_altered(folder):
    assert altered_files(folder) == {}

    (folder / "per_query.parquet").write_bytes(b"")

    assert altered_files(folder) == {"per_query.parquet": "altered after the evaluation"}


def test_a_catalog_without_queries_gives_a_report_without_queries(
    little_catalog, words_and_colours, tmp_path
):
    evaluate(words_and_colours, little_catalog, report=tmp_path, pool="catalog")

    assert "queries" not in json.loads((tmp_path / "report.json").read_text())
    assert read_report(tmp_path).queries == {}
    assert "Query types" not in (tmp_path / "report.html").read_text()


def test_a_title_with_markup_is_shown_as_text(little_catalog, words_and_colours, tmp_path):
    rows = pd.read_parquet(little_catalog.file)
    rows["title"] = "<script>alert(1)</script> " + rows["title"]
    rows.to_parquet(tmp_path / "catalog.parquet")
    for path in little_catalog.folder.glob("*.png"):
        (tmp_path / path.name).write_bytes(path.read_bytes())

    evaluate(words_and_colours, Catalog(tmp_path), report=tmp_path / "report")

    page = (tmp_path / "report" / "report.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_a_split_without_products_is_refused(little_catalog, words_and_colours, tmp_path):
    with pytest.raises(CatalogError, match="no product of split val"):
        evaluate(words_and_colours, little_catalog, split="val", report=tmp_path)


@pytest.mark.parametrize("wrong", [{"split": "dev"}, {"pool": "all"}])
def test_an_unknown_split_or_pool_is_refused(little_catalog, words_and_colours, tmp_path, wrong):
    with pytest.raises(UsageError, match=next(iter(wrong.values()))):
        evaluate(words_and_colours, little_catalog, report=tmp_path, **wrong)


def test_a_report_of_something_else_is_named(tmp_path):
    (tmp_path / "report.json").write_text("[1, 2]")

    with pytest.raises(DataError, match="not an evaluation report"):
        read_report(tmp_path)
