"""Titles that say the same: equal words, or nearly all of them."""

from collections.abc import Iterator, Sequence

import numpy as np

from uniecs.catalog.schema import normalise_text

NEAR_TITLE = 0.9
"""Jaccard similarity of the words above which two titles count as one."""

_BLOCK = 512

Words = frozenset[str]


def words_of(title: str) -> Words:
    """The set of words of a title after normalisation.

    Example:
        >>> sorted(words_of("Red SHOE, red!"))
        ['red', 'shoe']
    """
    return frozenset(normalise_text(title).split())


def is_near_title(one: Words, other: Words) -> bool:
    """Whether two titles share more than nine tenths of their words.

    Example:
        >>> is_near_title(words_of("red shoe"), words_of("Shoe (red)"))
        True
    """
    union = one | other
    return bool(union) and len(one & other) > NEAR_TITLE * len(union)


def near_titles(asked: Sequence[Words], known: Sequence[Words]) -> Iterator[tuple[int, int]]:
    """(index in ``asked``, index in ``known``) of every near pair of titles, in order."""
    from scipy.sparse import csr_matrix

    column: dict[str, int] = {}
    for words in (*asked, *known):
        for word in sorted(words):
            column.setdefault(word, len(column))
    if not column:
        return

    def matrix(titles: Sequence[Words]) -> csr_matrix:
        rows = [row for row, words in enumerate(titles) for _ in words]
        columns = [column[word] for words in titles for word in sorted(words)]
        ones = np.ones(len(rows), dtype=np.int32)
        return csr_matrix((ones, (rows, columns)), shape=(len(titles), len(column)))

    right = matrix(known)
    known_sizes = np.array([len(words) for words in known])
    for start in range(0, len(asked), _BLOCK):
        block = asked[start : start + _BLOCK]
        shared = (matrix(block) @ right.T).tocoo()
        sizes = np.array([len(words) for words in block])
        union = sizes[shared.row] + known_sizes[shared.col] - shared.data
        near = shared.data > NEAR_TITLE * union
        rows, columns = shared.row[near].tolist(), shared.col[near].tolist()
        yield from sorted((start + row, other) for row, other in zip(rows, columns, strict=True))
