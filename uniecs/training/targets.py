"""What is right between the queries and candidates of a batch, and what neither is nor is not."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from uniecs.catalog.pairs import Pair, Side
from uniecs.catalog.presence import Presence
from uniecs.catalog.relations import Relations
from uniecs.losses.views import Targets
from uniecs.training.near_duplicates import NearDuplicates

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


def targets_of(
    pairs: Sequence[Pair],
    candidates: Sequence[Side],
    relations: Relations,
    near: NearDuplicates,
    *,
    fused: Sequence[Presence],
    own_halves: Sequence[Presence],
) -> Targets:
    """Judge every query of a batch by every candidate.

    Args:
        pairs: [Q], of which the queries are asked.
        candidates: [C] sides: those of the pairs, and such as only stand beside them.
        relations: Between all products.
        near: Products that must not be set against each other.
        fused: [Q + C] modalities that the IT view of an entry shows.
        own_halves: Of the last candidates, which are mismatched: the half that is their own.
    """
    answer = relations.rows([pair.candidate.product_id for pair in pairs])
    column = relations.rows([side.product_id for side in candidates])
    unclear = _unclear(pairs, answer, column, relations, near)
    planes = []
    for text in (False, True):
        right = relations.positive_rows(answer, column, text_alone=text)
        open_ = relations.masked_rows(answer, column, text_alone=text)
        planes.append((right, open_ | unclear))
    shown = torch.tensor([int(presence) for presence in fused])
    text_alone = (shown == int(Presence.TEXT)).numpy()
    only_text = text_alone[: len(pairs), None] | text_alone[None, len(pairs) :]
    planes[0][1][...] |= planes[1][0] & only_text  # such a view cannot avoid its own title
    _correct(pairs, column, relations, planes)
    matching = len(candidates) - len(own_halves)
    for right, open_ in planes:
        open_ &= ~right
        right[:, matching:] = False
        open_[:, matching:] = False
    return Targets(
        positives=torch.from_numpy(np.stack([right for right, _ in planes])),
        excluded=torch.from_numpy(np.stack([open_ for _, open_ in planes])),
        unseen=torch.tensor([0] * matching + [int(half) for half in own_halves]),
        shown=(shown[: len(pairs)], shown[len(pairs) :]),
    )


def _unclear(
    pairs: Sequence[Pair], answer: Rows, column: Rows, relations: Relations, near: NearDuplicates
) -> Mask:
    """[Q, C] candidates that no query may be told to avoid.

    Near duplicates of the answer, and the listing that a query was taken from where another one is
    its answer: that holds the query's very text or picture, as in the evaluation.
    """
    own = relations.rows([pair.query.product_id for pair in pairs])
    taken_from: Mask = own[:, None] == column[None, :]
    taken_from &= (own != answer)[:, None]
    return near.between(answer, column) | taken_from


def _correct(
    pairs: Sequence[Pair], column: Rows, relations: Relations, planes: Sequence[tuple[Mask, Mask]]
) -> None:
    """What a pair itself says of right and wrong outranks what its products are."""
    for row, pair in enumerate(pairs):
        if pair.answers:
            also = np.isin(column, relations.rows(sorted(pair.answers)))
            for right, _ in planes:
                right[row] |= also
        if pair.refuse:
            wrong = column == relations.row[pair.refuse]
            for right, open_ in planes:
                right[row] &= ~wrong
                open_[row] &= ~wrong
