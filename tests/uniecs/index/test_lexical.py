"""Text becomes terms, and BM25 finds by them."""

from pathlib import Path

import numpy as np
import pytest

from uniecs.catalog.schema import Product
from uniecs.index.lexical import FIELD_WEIGHTS, Bm25, analyse, document_terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("T-Shirts", "tshirt"),
        ("Women's dresses", "women dress"),
        ("RUNNING Shoes", "run shoe"),
        ("Café", "CAFÉ"),
        ("ﬁne", "fine"),
    ],
)
def test_different_spellings_give_a_common_term(one: str, other: str) -> None:
    assert set(analyse(one)) & set(analyse(other))


def test_words_that_say_nothing_are_dropped_and_cjk_is_read_in_pairs() -> None:
    assert analyse("the same in a black") == ["black"]
    assert analyse("運動靴 red") == ["運動", "動靴", "red"]


def test_fields_count_by_their_weight_and_identifiers_not_at_all() -> None:
    product = Product(
        product_id="1", title="mug", description="mug", attributes={"sku": "mug", "color": "Red"}
    )

    terms = document_terms(product)

    assert terms.count("mug") == FIELD_WEIGHTS["title"] + FIELD_WEIGHTS["description"]
    assert terms.count("red") == FIELD_WEIGHTS["attributes"]


def test_an_index_comes_back_from_its_folder_with_the_same_scores(tmp_path: Path) -> None:
    index = Bm25.build(["a", "b", "c"], [["red", "mug"], ["blue", "mug"], []])
    index.save(tmp_path)

    again = Bm25.load(tmp_path)

    assert again.ids == ["a", "b", "c"]
    assert np.array_equal(again.scores(["red", "mug"]), index.scores(["red", "mug"]))
    assert [name for name, _ in again.search(["red", "mug"], 3)] == ["a", "b"]


def test_only_what_a_filter_allows_is_found_and_unknown_words_find_nothing() -> None:
    index = Bm25.build(["a", "b"], [["mug"], ["mug"]])

    assert [name for name, _ in index.search(["mug"], 5, np.array([False, True]))] == ["b"]
    assert index.search(["nothing"], 5) == []


def test_a_repeated_term_weighs_more() -> None:
    index = Bm25.build(["a", "b"], [["red", "x"], ["mug", "y"]])

    assert index.search(["red", "mug", "mug"], 1)[0][0] == "b"
