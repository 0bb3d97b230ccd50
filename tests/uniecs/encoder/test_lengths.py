"""How little padding texts of different lengths are read with."""

from random import Random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from uniecs.encoder.lengths import short_and_long


def masks(lengths: list[int]) -> torch.Tensor:
    return (torch.arange(max(lengths, default=1)) < torch.tensor(lengths)[:, None]).long()


@given(st.lists(st.integers(1, 40), max_size=30), st.randoms(use_true_random=False))
def test_every_text_is_in_one_lot_that_holds_it_and_no_cut_computes_less(
    lengths: list[int], random: Random
) -> None:
    mask = masks(lengths) if lengths else torch.zeros(0, 1, dtype=torch.long)
    for row, length in enumerate(lengths):
        mask[row, random.randrange(length) if length > 1 else 0] = int(length == 1)  # hidden words
    true = [int(row.nonzero().max()) + 1 for row in mask]

    lots = short_and_long(mask)

    assert sorted(row for rows, _ in lots for row in rows.tolist()) == list(range(len(lengths)))
    assert all(true[row] <= length for rows, length in lots for row in rows.tolist())
    computed = sum(len(rows) * length for rows, length in lots)
    for cut in true:
        short = [length for length in true if length <= cut]
        assert computed <= len(short) * cut + (len(true) - len(short)) * max(true)


def test_titles_beside_descriptions_are_two_lots() -> None:
    lots = short_and_long(masks([5, 64, 4, 64, 6]))

    assert [(rows.tolist(), length) for rows, length in lots] == [([0, 2, 4], 6), ([1, 3], 64)]


def test_texts_of_one_length_are_one_lot() -> None:
    lots = short_and_long(masks([7, 7, 7]))

    assert [(rows.tolist(), length) for rows, length in lots] == [([0, 1, 2], 7)]


@pytest.mark.parametrize(("spared", "lots"), [(0.3, 2), (0.45, 2), (0.46, 1)])
def test_two_lots_must_spare_what_is_asked(spared: float, lots: int) -> None:
    mask = masks([4, 40, 4, 40])  # two lots: 88 tokens of 160

    assert len(short_and_long(mask, spared=spared)) == lots
