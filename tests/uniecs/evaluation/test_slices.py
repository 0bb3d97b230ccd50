import numpy as np
import pandas as pd
import pytest

from uniecs.catalog.pairs import Side
from uniecs.catalog.presence import TASKS, task_name
from uniecs.catalog.reading import Catalog, Query
from uniecs.catalog.schema import Product
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.queries import QueryOutcome
from uniecs.evaluation.slices import slice_report
from uniecs.evaluation.slicing import PriceBands, colour, has_negation, has_number, top_category
from uniecs.evaluation.tasks import Ask, TaskOutcome

CONFIG = EvaluationConfig(samples=200)


@pytest.fixture
def shop(tmp_path) -> Catalog:
    """60 products: 40 in Home, 20 in Garden of which the last is in Toys."""
    rows = [
        {
            "product_id": f"p{n:02}",
            "title": f"thing {n}" if n % 2 else "thing",
            "category": "Home > Mugs" if n < 40 else "Garden > Pots" if n < 59 else "Toys",
            "brand": "Acme",
            "price": float(n),
            "currency": "EUR",
            "attributes": '{"base_colour": "Red"}' if n < 30 else "{}",
            "description": "not for sale" if n < 25 else "",
        }
        for n in range(60)
    ]
    pd.DataFrame(rows).to_parquet(tmp_path / "catalog.parquet")
    return Catalog(tmp_path)


def outcomes(shop, hit):
    """All nine tasks asked about every product; ``hit(task, number)`` says who was found."""
    asks = [Ask(p.product_id, Side(p.product_id, p.title), p.product_id) for p in shop.products]
    return {
        name: TaskOutcome(
            name, asks, [], np.zeros((60, 0), np.int64), [],
            {"R@10": np.array([float(hit(name, n)) for n in range(60)])}, 0.1, 0,
        )
        for name in (task_name(*task) for task in TASKS)
    }  # fmt: skip


def test_a_slice_has_the_mean_of_its_products_over_the_tasks(shop):
    found = slice_report(outcomes(shop, lambda _, n: n < 10), {}, shop, CONFIG).tasks

    home = found["category"]["Home"]
    assert (home.n, home.status, home.recall_10) == (40, "measured", 0.25)
    low, high = home.ci95["R@10"]
    assert 0.1 < low < 0.25 < high < 0.4
    assert found["colour"]["red"].n == 30
    assert found["brand"]["Acme"].recall_10 == pytest.approx(10 / 60)


def test_fewer_than_twenty_products_are_listed_without_a_figure(shop):
    found = slice_report(outcomes(shop, lambda *_: True), {}, shop, CONFIG).tasks["category"]

    assert list(found) == ["Home", "Garden", "Toys"]
    for name, n in (("Garden", 19), ("Toys", 1)):
        assert found[name].model_dump(exclude_none=True) == {"n": n, "status": "insufficient_data"}


def test_price_bands_hold_every_priced_product_once(shop):
    found = slice_report(outcomes(shop, lambda *_: True), {}, shop, CONFIG).tasks["price"]

    assert sum(band.n for band in found.values()) == 60
    assert [name[:2] for name in found] == ["Q1", "Q2", "Q3", "Q4"]


def test_words_of_the_query_count_only_where_the_task_shows_them(shop):
    by_task = outcomes(shop, lambda task, _: task.startswith("T"))

    found = slice_report(by_task, {}, shop, CONFIG).tasks

    assert found["query_number"]["with"].n == 30
    assert found["query_number"]["with"].recall_10 == pytest.approx(0.5)  # T->*, not IT->*
    assert found["answer_negation"]["with"].n == 25


def test_judged_queries_are_sliced_for_every_ranker(shop):
    queries = [
        Query(
            f"q{n}", "attribute", f"mug {n}" if n < 30 else "no mug", None, None, {"p00": 2}, None
        )
        for n in range(60)
    ]
    hits = np.array([float(n < 15) for n in range(60)])
    outcome = QueryOutcome(queries, [[]] * 60, {"R@10": hits}, [False] * 60)

    found = slice_report(
        outcomes(shop, lambda *_: True), {"attribute": {"hybrid": outcome}}, shop, CONFIG
    ).judged["hybrid"]

    assert (found["number"]["with"].n, found["number"]["with"].recall_10) == (30, 0.5)
    assert (found["negation"]["with"].n, found["negation"]["with"].recall_10) == (30, 0.0)


@pytest.mark.parametrize("text", ["without hood", "not red", "sugar-free", "doesn't fade", "ohne"])
def test_negations_are_recognised(text):
    assert has_negation(text)


@pytest.mark.parametrize("text", ["notebook", "nodding cat", "freedom", "pinot noir"])
def test_words_that_only_look_like_negations_are_not(text):
    assert not has_negation(text)


def test_facts_that_a_product_lacks_put_it_in_no_slice():
    bare = Product(product_id="1", title="mug")

    assert (top_category(bare), colour(bare), PriceBands([bare]).label(bare)) == (None,) * 3
    assert not has_number(bare.title)
