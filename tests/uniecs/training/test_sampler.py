"""An epoch holds each pair once; groups meet in a batch, and look-alikes are brought together."""

from collections import Counter
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from uniecs.training.sampler import MINED_SHARE, epoch_batches


@given(
    groups=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60),
    size=st.integers(1, 9),
    epoch=st.integers(0, 999),
    together=st.integers(1, 6),
    mined=st.booleans(),
)
@example(
    groups=list("bggehggcahhccehbchacehefbafefded"), size=3, epoch=402, together=4, mined=False
)
@settings(max_examples=300, deadline=None)
def test_every_pair_comes_once_in_as_many_batches_in_every_epoch(
    groups: list[str], size: int, epoch: int, together: int, mined: bool
) -> None:
    near = {row: [(row + step) % len(groups) for step in (1, 5, 9)] for row in range(len(groups))}

    batches = epoch_batches(groups, size, Random(epoch), near if mined else None, together=together)

    assert len(batches) == max(1, len(groups) // size)
    assert all(batches)
    assert sorted(pair for batch in batches for pair in batch) == list(range(len(groups)))


def test_batches_differ_little_in_size() -> None:
    sizes = [len(batch) for batch in epoch_batches([str(n) for n in range(1000)], 64, Random(0))]

    assert len(sizes) == 1000 // 64
    assert max(sizes) - min(sizes) <= 4


def test_members_of_a_group_meet_and_do_not_fill_a_batch() -> None:
    groups = [f"g{n // 3}" for n in range(600)] + ["huge"] * 100

    batches = epoch_batches(groups, 50, Random(1))

    met = Counter(
        count for batch in batches for count in Counter(groups[pair] for pair in batch).values()
    )
    assert met[3] > 150  # nearly all of the 200 groups of three
    most = max(Counter(groups[pair] for pair in batch)["huge"] for batch in batches)
    assert most < 40


def test_groups_can_be_dealt_out_at_random() -> None:
    groups = [f"g{n // 3}" for n in range(600)]

    batches = epoch_batches(groups, 50, Random(1), together=1)

    met = [n for batch in batches for n in Counter(groups[pair] for pair in batch).values()]
    assert sum(n == 3 for n in met) < 20


def test_mined_neighbours_meet_in_a_batch() -> None:
    groups = [str(n) for n in range(400)]
    near = {row: [row ^ 1] for row in range(400)}

    def together(batches: list[list[int]]) -> int:
        return sum((pair ^ 1) in batch for batch in batches for pair in batch)

    assert together(epoch_batches(groups, 40, Random(2), near)) > 300
    assert together(epoch_batches(groups, 40, Random(2))) < 100


def test_neighbours_are_not_all_of_a_batch() -> None:
    groups = [str(n) for n in range(400)]
    everything = {row: list(range(400)) for row in range(400)}

    first = epoch_batches(groups, 40, Random(3), everything)[0]

    plain = epoch_batches(groups, 40, Random(3))[0]
    assert len(set(first) & set(plain)) >= 40 * (1 - MINED_SHARE) - 1


def test_the_same_seed_deals_the_same_batches() -> None:
    groups = [str(n % 30) for n in range(200)]

    assert epoch_batches(groups, 20, Random("a")) == epoch_batches(groups, 20, Random("a"))
    assert epoch_batches(groups, 20, Random("a")) != epoch_batches(groups, 20, Random("b"))
