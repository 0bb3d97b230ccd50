"""Reciprocal rank fusion, the terms of composed queries, and the ranking of a picture."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from uniecs.search.fusion import FUSION, fuse
from uniecs.search.retrieval import (
    Anchor,
    composed_terms,
    composed_weight,
    look_share,
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


def test_of_look_and_encoder_the_more_distinct_takes_over() -> None:
    blurred, clear = [0.90, 0.89, 0.5], [0.95, 0.60, 0.5]

    assert look_share(blurred, blurred) == look_share(clear, clear) == FUSION.look
    assert look_share(near=blurred, alike=clear) == 1.0
    assert look_share(near=clear, alike=blurred) == 0.0
    assert FUSION.look < look_share(near=[0.9, 0.88], alike=[0.9, 0.86]) < 1.0


def test_without_looks_the_encoder_ranks_alone_and_the_other_way_round() -> None:
    assert look_share(near=[0.9], alike=[]) == 0.0
    assert look_share(near=[], alike=[0.2]) == 1.0
    assert look_share(near=[0.9], alike=[0.3]) == FUSION.look  # one product is no choice


def test_copies_of_one_picture_in_the_shop_do_not_make_a_look_distinct() -> None:
    assert look_share(near=[0.9, 0.9], alike=[1.0, 1.0, 0.5]) == FUSION.look
    assert look_share(near=[1.0, 0.999], alike=[0.999, 1.0 - 1e-9]) < 0.7


def test_a_picture_is_ranked_by_look_or_encoder_and_brings_the_kin_of_the_first() -> None:
    asked: list[str] = []

    def kin(product_id: str) -> list[str]:
        asked.append(product_id)
        return [product_id, f"{product_id} in red"]

    near = {True: [("bag", 0.99), ("hat", 0.3)], False: [("bag", 0.7), ("hat", 0.7)]}
    alike = {True: [("cup", 0.99), ("pan", 0.3)], False: [("cup", 0.7), ("pan", 0.7)]}
    seen = [name for name, _ in picture_ranking(near[True], alike[False], kin)]
    looked = [name for name, _ in picture_ranking(near[False], alike[True], kin)]

    assert asked == ["bag", "cup"]
    assert (seen[0], looked[0]) == ("bag", "cup")
    assert "bag in red" in seen[:3]
    assert "cup in red" in looked[:3]
    assert set(looked) == {"bag", "hat", "cup", "pan", "cup in red"}


def test_what_a_picture_shows_stays_first_where_the_words_of_its_kin_fit_better() -> None:
    found = [("hat", 0.9), ("cap", 0.8)]

    ranked = picture_ranking(found, found, lambda _: ["cap", "hat"])

    assert [name for name, _ in ranked] == ["hat", "cap"]


def test_where_neither_encoder_nor_look_finds_anything_nobody_is_asked_for_kin() -> None:
    assert picture_ranking([], [], lambda _: 1 / 0) == []  # type: ignore[arg-type, return-value]
