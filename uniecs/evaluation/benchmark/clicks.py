"""Which products shoppers clicked in the same visit."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import combinations

MAX_CLICKED = 20
"""Products of one visit; a visit with more is a crawler, and its pairs grow with the square."""


def clicked_together(clicks: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Count the visits in which two products were both clicked.

    Args:
        clicks: (visit, product_id): the visit is a query or a session; repeated clicks count once.

    Returns:
        (smaller id, larger id) -> visits.

    Example:
        >>> clicked_together([("v1", "a"), ("v1", "b"), ("v2", "b"), ("v2", "a"), ("v2", "a")])
        {('a', 'b'): 2}
    """
    visits: dict[str, set[str]] = defaultdict(set)
    for visit, product in clicks:
        visits[visit].add(product)
    together: Counter[tuple[str, str]] = Counter()
    for products in visits.values():
        if len(products) <= MAX_CLICKED:
            together.update(combinations(sorted(products), 2))
    return dict(together)
