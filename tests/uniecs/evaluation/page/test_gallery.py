from uniecs.evaluation.page.gallery import choose, shorten


def test_half_of_the_examples_are_good_and_half_are_bad():
    ranks = [1] * 50 + [0] * 50
    ids = [f"q{n}" for n in range(100)]

    chosen = choose(ids, ranks, 4)

    assert sorted(ranks[row] for row in chosen) == [0, 0, 1, 1]
    assert [ranks[row] for row in chosen[:2]] == [1, 1]
    assert chosen == choose(ids, ranks, 4)


def test_without_bad_ones_others_fill_up():
    assert sorted(choose(["a", "b", "c"], [1, 1, 2], 3)) == [0, 1, 2]


def test_a_long_text_is_cut_between_words():
    short = shorten("word " * 100)

    assert len(short) < 160
    assert short.endswith("word …")
