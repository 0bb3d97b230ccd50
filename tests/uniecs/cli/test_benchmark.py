"""``uniecs benchmark build`` as a user and as another program meet it."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from uniecs.catalog.pairs import evaluation_pairs
from uniecs.catalog.reading import Catalog
from uniecs.cli.app import app
from uniecs.errors import CatalogError, EventError


def invoke(*words):
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, CatalogError | EventError):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def built(demo_catalog, tmp_path_factory):
    out = tmp_path_factory.mktemp("built") / "benchmark"
    return out, invoke("benchmark", "build", demo_catalog, out, "--json")


def test_json_is_all_that_stdout_holds(built):
    out, result = built
    summary = json.loads(result.stdout)

    assert result.exit_code == 0
    assert summary["folder"] == str(out)
    assert {"rows", "pairs", "removed", "splits", "balanced", "leaks_left"} <= summary.keys()
    assert sum(summary["pairs"].values()) > 30


def test_evaluate_asks_the_pairs_of_a_benchmark(built, tiny_model, tmp_path):
    out, _ = built

    result = invoke("evaluate", tiny_model, out, "--split", "train", "--report", tmp_path, "--json")

    report = json.loads(result.stdout)
    pairs = evaluation_pairs(Catalog(out), "train")
    assert report["tasks"]["IT->IT"]["queries"] == len(pairs)
    assert set(report["pairs"]) == {"view", "listing"}


def test_people_read_sentences_and_a_hint_when_test_is_small(demo_catalog, tmp_path):
    result = invoke("benchmark", "build", demo_catalog, tmp_path / "out")

    assert "pairs (" in result.stdout
    assert "by the picture alone 0.5" in result.stdout
    assert "with --resplit" in result.stderr


def test_clicks_of_an_event_file_make_pairs(tmp_path, accepted_catalog):
    catalog = Catalog(accepted_catalog)
    shown = [product for product in catalog.products if product.image and product.title]
    one, other = next(
        (a, b) for a in shown for b in shown
        if a.category == b.category and a.split == b.split and a.group < b.group
    )  # fmt: skip
    lines = [
        {
            "event_id": f"{visit}{product.product_id}",
            "type": "click",
            "time": "2026-11-22T10:00:00Z",
            "session_id": f"s{visit}",
            "product_id": product.product_id,
        }
        for visit in range(3)
        for product in (one, other)
    ]
    events = tmp_path / "clicks.jsonl"
    events.write_text("\n".join(map(json.dumps, lines)))

    result = invoke(
        "benchmark", "build", catalog.folder, tmp_path / "out", "--events", events, "--json"
    )

    assert json.loads(result.stdout)["candidates"]["co_clicks"] == 1


def test_unreadable_events_are_named(demo_catalog, tmp_path):
    (tmp_path / "clicks.txt").write_text("")

    with pytest.raises(EventError, match=r"read from \.jsonl or \.parquet"):
        invoke("benchmark", "build", demo_catalog, tmp_path / "out", "--events",
               tmp_path / "clicks.txt")  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_a_support_of_zero_is_wrong_usage(tmp_path):
    assert invoke("benchmark", "build", tmp_path, tmp_path / "o", "--min-support", 0).exit_code == 2


@pytest.mark.parametrize("content", [b"nothing", None])
def test_a_file_of_pairs_that_is_none_is_named(tmp_path, accepted_catalog, content):
    shutil.copy(accepted_catalog / "catalog.parquet", tmp_path)
    shutil.copy(accepted_catalog / "catalog.parquet", tmp_path / "pairs.parquet")
    if content:
        (tmp_path / "pairs.parquet").write_bytes(content)

    with pytest.raises(CatalogError, match=r"pairs\.parquet is not a file of pairs"):
        evaluation_pairs(Catalog(tmp_path), "test")
