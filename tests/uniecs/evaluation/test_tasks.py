import numpy as np
import pytest

from uniecs.catalog.pairs import Pair, Side, evaluation_pairs
from uniecs.catalog.presence import TASKS, VIEWS, Presence, task_name
from uniecs.catalog.relations import catalog_relations
from uniecs.evaluation.config import EvaluationConfig
from uniecs.evaluation.tasks import asks_of, judge, pool_of, run_task, run_tasks
from uniecs.evaluation.views import Views, encode_views, masked

CONFIG = EvaluationConfig()


def vectors_by(sides, vector_of):
    """Views in which every content has the vector that ``vector_of`` gives to its product."""
    rows, vectors = {}, []
    for side in sides:
        for view in VIEWS:
            if (key := masked(side, view)) is not None and key not in rows:
                rows[key] = len(vectors)
                vectors.append(vector_of(side.product_id))
    stacked = np.stack(vectors).astype(np.float32)
    return Views(stacked.shape[1], rows, stacked, np.zeros((len(stacked), 2), np.float32))


def run_all(catalog, vector_of, pool="split"):
    pairs = evaluation_pairs(catalog, "test")
    asks, candidates = asks_of(pairs), pool_of(pairs, catalog, pool)
    views = vectors_by([ask.side for ask in asks] + candidates.sides, vector_of)
    return run_tasks(asks, candidates, catalog_relations(catalog), views, CONFIG)


def test_there_are_nine_tasks_and_an_encoder_that_knows_the_products_is_perfect(little_catalog):
    known = {p.product_id: row for p, row in zip(little_catalog.products, np.eye(16), strict=True)}

    outcomes = run_all(little_catalog, known.__getitem__)

    assert set(outcomes) == {task_name(*task) for task in TASKS}
    for outcome in outcomes.values():
        assert len(outcome.asks) == 16
        assert all(values.mean() == 1 for values in outcome.values.values()), outcome.name


def test_an_encoder_that_gives_everything_the_same_vector_is_at_chance(little_catalog):
    outcomes = run_all(little_catalog, lambda _: np.ones(4))

    assert outcomes["T->T"].values["R@10"].mean() == pytest.approx(10 / 16)
    assert outcomes["T->T"].chance == pytest.approx(10 / 16)


def test_other_variants_of_a_product_are_neither_right_nor_wrong_between_pictures(little_catalog):
    by_group = {
        "mug": [1, 0, 0, 0],
        "lamp": [0, 1, 0, 0],
        "chair": [0, 0, 1, 0],
        "shelf": [0, 0, 0, 1],
    }

    outcomes = run_all(little_catalog, lambda i: np.array(by_group[little_catalog.by_id[i].group]))

    assert outcomes["I->I"].values["R@1"].mean() == 1
    assert outcomes["T->T"].values["R@1"].mean() == 0.25


def test_the_catalog_pool_adds_the_other_splits_as_distractors(little_catalog):
    pairs = evaluation_pairs(little_catalog, "test")[:5]

    alone, whole = (
        pool_of(pairs, little_catalog, name).product_ids for name in ("split", "catalog")
    )

    assert len(alone) == 5
    assert len(whole) == len(set(whole)) == 16
    assert whole[:5] == alone


def test_the_listing_that_a_query_was_taken_from_is_removed_unless_it_is_the_answer(little_catalog):
    relations = catalog_relations(little_catalog)
    between = Pair(
        "p", "listing", "test", Side("p00", "red mug", "0.png"), Side("p01", "x", "1.png")
    )
    sides = [Side(f"p{n:02}", "x", f"{n}.png") for n in range(6)]

    right, removed = judge(asks_of([between]), sides, relations, (Presence.TEXT, Presence.TEXT))

    assert np.flatnonzero(right[0]).tolist() == [1]
    assert np.flatnonzero(removed[0]).tolist() == [0]


def test_a_query_whose_answer_is_not_in_the_pool_is_not_asked(little_catalog):
    pair = Pair("p", "copy", "test", Side("p00", "red mug"), Side("p00", "", "0.png"))
    other = Pair("q", "copy", "test", Side("p05", "green lamp"), Side("p05", "details", "5.png"))
    asks, pool = asks_of([pair, other]), pool_of([pair, other], little_catalog, "split")
    views = vectors_by([a.side for a in asks] + pool.sides, lambda _: np.ones(2))
    relations = catalog_relations(little_catalog)

    outcome = run_task((Presence.TEXT, Presence.TEXT), asks, pool, relations, views, CONFIG)

    assert [ask.query_id for ask in outcome.asks] == ["q"]
    assert len(outcome.sides) == 1


def test_a_task_that_nothing_can_answer_has_no_queries(little_catalog):
    pair = Pair("p", "copy", "test", Side("p00", "red mug"), Side("p00", "details"))
    asks, pool = asks_of([pair]), pool_of([pair], little_catalog, "split")
    views = vectors_by([a.side for a in asks] + pool.sides, lambda _: np.ones(2))

    outcomes = run_tasks(asks, pool, catalog_relations(little_catalog), views, CONFIG)

    assert outcomes["T->T"].values["R@1"].tolist() == [1.0]
    assert outcomes["I->IT"].asks == []
    assert outcomes["I->IT"].values["R@10"].shape == (0,)


def test_every_content_is_encoded_once_for_all_tasks(little_catalog, words_and_colours):
    pairs = evaluation_pairs(little_catalog, "test")
    sides = [side for pair in pairs for side in (pair.query, pair.candidate)]

    encode_views(words_and_colours, little_catalog.folder, [(sides, VIEWS)] * 2, CONFIG)

    wanted = {masked(side, view) for side in sides for view in VIEWS} - {None}
    assert len(words_and_colours.encoded) == len(wanted)


def test_a_picture_that_cannot_be_decoded_makes_its_views_unusable_and_is_counted(
    little_catalog, words_and_colours
):
    broken = Pair(
        "p", "copy", "test", Side("p00", "red mug", "gone.png"), Side("p00", "d", "0.png")
    )
    whole = Pair("q", "copy", "test", Side("p05", "green lamp", "5.png"), Side("p05", "e", "6.png"))
    asks, pool = asks_of([broken, whole]), pool_of([broken, whole], little_catalog, "split")
    wanted = [([ask.side for ask in asks], VIEWS), (pool.sides, VIEWS)]
    views = encode_views(words_and_colours, little_catalog.folder, wanted, CONFIG)

    outcomes = run_tasks(asks, pool, catalog_relations(little_catalog), views, CONFIG)

    assert [ask.query_id for ask in outcomes["I->T"].asks] == ["q"]
    assert outcomes["I->T"].unusable == 1
    assert [ask.query_id for ask in outcomes["T->T"].asks] == ["p", "q"]
