import pytest

from uniecs.catalog.reading import Catalog, Query
from uniecs.evaluation.baseline import Baseline
from uniecs.evaluation.queries import judged_queries, run_queries


def asked(kind, *, text="", image=None):
    return Query("q", kind, text, image, None, {"p00": 2}, None)


def first(catalog, query):
    return Baseline(catalog)([query], 3)[0][0][0]


def test_words_find_the_product_that_they_describe(little_catalog):
    assert first(little_catalog, asked("attribute", text="blue lamp")) == "p06"


def test_a_picture_finds_itself_and_words_beside_it_are_not_read(little_catalog):
    picture = little_catalog.folder / "9.png"

    assert first(little_catalog, asked("composed", text="in red", image=picture)) == "p09"


def test_a_query_that_shares_no_word_with_the_catalog_gets_no_answer(little_catalog):
    assert Baseline(little_catalog)([asked("attribute", text="zzz")], 3) == [[]]


def test_an_unreadable_picture_gets_no_answer_and_leaves_the_other_queries_alone(little_catalog):
    queries = [asked("other_view", image=little_catalog.folder / n) for n in ("gone.png", "9.png")]

    broken, whole = Baseline(little_catalog)(queries, 3)

    assert broken == []
    assert whole[0][0] == "p09"


def test_words_alone_cannot_search_pictures(little_catalog):
    query = asked("description_to_image", text="blue lamp")

    assert not Baseline(little_catalog).answers([query])
    assert Baseline(little_catalog)([query], 3) == [[]]


def scores(catalog):
    baseline = Baseline(catalog)
    return {
        kind: run_queries(queries, baseline, catalog, depth=20).values["nDCG@10"].mean()
        for kind, queries in judged_queries(catalog).items()
        if baseline.answers(queries)
    }


@pytest.mark.slow
def test_it_is_as_strong_as_the_published_baseline_on_open_demo(shared_data):
    found = scores(Catalog(shared_data / "open_demo"))

    assert found["other_view"] == pytest.approx(0.443, abs=0.02)
    assert found["composed"] >= 0.457


@pytest.mark.slow
def test_it_is_as_strong_as_the_published_baseline_on_myntra_dev(shared_data):
    found = scores(Catalog(shared_data / "myntra_dev"))

    assert found["attribute"] >= 0.477
    assert found["composed"] == pytest.approx(0.094, abs=0.01)
    assert found["user_photo"] == pytest.approx(0.124, abs=0.01)
    assert found["reencoded_copy"] >= 0.998
