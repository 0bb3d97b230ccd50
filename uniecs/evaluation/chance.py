"""What a ranking without any knowledge would score."""

from collections.abc import Sequence
from math import comb


def chance_of_hit(answers: Sequence[int], pool: int, *, depth: int = 10) -> float:
    """Expected R@depth of a uniformly random ranking.

    Args:
        answers: Right answers of each query.
        pool: Candidates.
        depth: K of R@K.

    Returns:
        The mean over queries of 1 - C(pool - answers, depth) / C(pool, depth).

    Example:
        >>> chance_of_hit([1, 1], pool=100)
        0.1
    """
    if not answers:
        return 0.0
    drawn = min(depth, pool)
    total = comb(pool, drawn)
    counts = {number: answers.count(number) for number in set(answers)}
    misses = sum(times * comb(pool - number, drawn) / total for number, times in counts.items())
    return round(1 - misses / len(answers), 12)
