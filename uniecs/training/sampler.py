"""Which pairs meet in a batch: groups stay together, and mined lookalikes meet each other.

A batch is a pure function of the pairs, the seed, the epoch and the mined neighbours, so its place
in the epoch is all the state there is: the checkpoint's ``epoch`` and ``batch``.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from random import Random

MINED_SHARE = 0.5
"""At most this share of a batch is there because it looks like something else in it."""


def epoch_batches(
    groups: Sequence[str],
    batch_size: int,
    rng: Random,
    neighbours: Mapping[int, Sequence[int]] | None = None,
    *,
    together: int = 4,
) -> list[list[int]]:
    """Deal out the pairs of an epoch: each once, in batches whose sizes differ by little.

    Args:
        groups: [N] group of each pair, N at least 1.
        batch_size: Pairs per batch; the last few are spread over all batches.
        rng: Order of the epoch.
        neighbours: Pair -> pairs that the encoder confuses with it, closest first.
        together: Pairs of one group that are kept in one batch, at most ``batch_size``; 1 shuffles
            pairs without a look at their groups.

    Returns:
        Batches of pair numbers, max(1, N // batch_size) of them in every epoch: the length of a
        run, and so its last rate, is known before its first step.
    """
    units = _units(groups, rng, min(together, batch_size))
    of_pair = {pair: number for number, unit in enumerate(units) for pair in unit}
    waiting = deque(range(len(units)))
    taken = [False] * len(units)
    count = max(1, len(groups) // batch_size)
    batches: list[list[int]] = []
    placed = 0
    for number in range(count):
        size = (len(groups) - placed) // (count - number)
        batch: list[int] = []
        mined = 0
        while len(batch) < size and waiting:
            unit = waiting.popleft()
            if taken[unit]:
                continue
            taken[unit] = True
            batch += units[unit]
            for pair in units[unit]:
                for other in (neighbours or {}).get(pair, ()):
                    near = of_pair.get(other)
                    room = len(batch) < size and mined < MINED_SHARE * size
                    if near is None or taken[near] or not room:
                        continue
                    taken[near] = True
                    mined += len(units[near])
                    batch += units[near]
        placed += len(batch)
        batches.append(batch)
    batches[-1] += [pair for unit in waiting if not taken[unit] for pair in units[unit]]
    for batch in batches:
        if not batch:  # where batches are as small as units, earlier ones may have taken all
            batch.append(max(batches, key=len).pop())
    return batches


def _units(groups: Sequence[str], rng: Random, together: int) -> list[list[int]]:
    """Pairs in random order, those of a group next to each other in small numbers."""
    order = list(range(len(groups)))
    rng.shuffle(order)
    units: list[list[int]] = []
    open_: dict[str, list[int]] = {}
    for pair in order:
        unit = open_.get(groups[pair])
        if unit is None or len(unit) >= together:
            unit = []
            open_[groups[pair]] = unit
            units.append(unit)
        unit.append(pair)
    return units
