"""Titles that say the same."""

from hypothesis import given
from hypothesis import strategies as st

from uniecs.evaluation.benchmark.titles import is_near_title, near_titles, words_of

titles = st.lists(st.text("abcdefg ", max_size=24).map(words_of), max_size=12)


def test_nine_tenths_of_the_words_are_not_yet_the_same_but_more_are():
    ten = [f"w{number}" for number in range(10)]
    twenty = [f"w{number}" for number in range(20)]

    assert not is_near_title(frozenset(ten), frozenset(ten[:9]))
    assert is_near_title(frozenset(twenty), frozenset(twenty[:19]))
    assert not is_near_title(frozenset(), frozenset())


@given(asked=titles, known=titles)
def test_many_titles_are_compared_as_two_are(asked, known):
    pairs = [
        (row, column)
        for row, one in enumerate(asked)
        for column, other in enumerate(known)
        if is_near_title(one, other)
    ]

    assert list(near_titles(asked, known)) == pairs
