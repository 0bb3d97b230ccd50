"""Reciprocal rank fusion, the terms of composed queries, and the ranking of a picture."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from uniecs.search.fusion import FUSION, fuse
from uniecs.search.retrieval import (
    Anchor,
    composed_terms,
    composed_weight,
    look_weight,
    picture_ranking,
)

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
    assert composed_weight(clear) < 1e-6
    assert composed_weight(level) > 0.05


def test_the_look_says_all_of_a_picture_that_is_in_the_shop_and_nothing_of_another() -> None:
    nothing, half, everything = (
        look_weight(cosine)
        for cosine in (FUSION.look_from, (FUSION.look_from + FUSION.look_at) / 2, FUSION.look_at)
    )

    assert (nothing, round(half, 6), everything) == (0.0, 0.5, 1.0)
    assert look_weight(1.0) == 1.0


def test_a_picture_is_ranked_by_look_or_encoder_and_brings_the_kin_of_the_first() -> None:
    asked: list[str] = []

    def kin(product_id: str) -> list[str]:
        asked.append(product_id)
        return [product_id, f"{product_id} in red"]

    near, alike = ["bag", "hat", "mug"], ["cup", "pan", "mug"]
    known = [name for name, _ in picture_ranking(near, alike, 0.99, kin)]
    unknown = [name for name, _ in picture_ranking(near, alike, 0.1, kin)]

    assert asked == ["cup", "bag"]
    assert (known[0], unknown[0]) == ("cup", "bag")
    assert "cup in red" in known[:3]
    assert "bag in red" in unknown[:3]
    assert set(known) == {"bag", "hat", "mug", "cup", "pan", "cup in red"}


def test_what_a_picture_shows_stays_first_where_the_words_of_its_kin_fit_better() -> None:
    ranked = picture_ranking(["hat", "cap"], ["hat", "cap"], 0.99, lambda _: ["cap", "hat"])

    assert [name for name, _ in ranked] == ["hat", "cap"]


def test_where_neither_encoder_nor_look_finds_anything_nobody_is_asked_for_kin() -> None:
    assert picture_ranking([], [], 0.0, lambda _: 1 / 0) == []  # type: ignore[arg-type, return-value]
