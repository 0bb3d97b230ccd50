"""Reciprocal rank fusion, and the terms of composed queries."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from uniecs.search.fusion import fuse
from uniecs.search.retrieval import Anchor, composed_terms, composed_weights

rankings = st.lists(st.sampled_from("abcdefgh"), unique=True)


def test_scores_are_those_of_the_paper() -> None:
    fused = dict(fuse([(["a", "b"], 1.0), (["b"], 2.0)]))

    assert fused == {"b": 1 / 62 + 2 / 61, "a": 1 / 61}


@given(first=rankings, second=rankings)
def test_fusion_keeps_every_product_once_and_never_reverses_agreement(
    first: list[str], second: list[str]
) -> None:
    fused = [name for name, _ in fuse([(first, 1.0), (second, 1.0)])]

    assert sorted(fused) == sorted(set(first) | set(second))
    both = [name for name in first if name in second]
    for one in both:
        for other in both:
            if first.index(one) < first.index(other) and second.index(one) < second.index(other):
                assert fused.index(one) < fused.index(other)


def test_a_ranking_without_weight_changes_nothing() -> None:
    assert [name for name, _ in fuse([(["a", "b"], 1.0), (["b", "a"], 0.0)])] == ["a", "b"]


def test_the_words_of_a_composed_query_weigh_more_than_those_of_its_picture() -> None:
    terms = Counter(composed_terms("in black", [Anchor("Canvas Shoe Red", 0.99)]))

    assert terms["black"] > terms["shoe"] > 0


def test_a_clear_anchor_drowns_out_the_others() -> None:
    clear = [Anchor("shoe", 0.99), Anchor("lamp", 0.60)]
    level = [Anchor("shoe", 0.601), Anchor("lamp", 0.60)]

    assert Counter(composed_terms("", clear))["lamp"] == 0
    assert Counter(composed_terms("", level))["lamp"] > 0
    assert composed_weights(clear).dense < 1e-6
    assert composed_weights(level).dense > 0.05
