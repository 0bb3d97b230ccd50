"""Listings that are easily mistaken: texts that are much alike, and neighbours that are mined."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from uniecs.catalog.presence import Presence
from uniecs.catalog.relations import Relations
from uniecs.catalog.schema import Product, normalise_text
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.training.batches import Batcher
from uniecs.training.views import entry_views

MINED = 8
"""Neighbours that are kept of each listing."""

ROWS = 128
"""Rows per forward pass."""

COMPARED = 2048
"""Texts of a category that are compared all with all; a larger category is cut into such parts, so
that time and memory grow with the rows and not with their square."""


def lookalike_texts(products: Sequence[Product], rows: Sequence[int]) -> dict[int, int]:
    """For each row, the row of its category whose text is most like its own (UNIECS.md 8.10).

    Never one of its group, of its title, or of the same facts. Of a category of more than COMPARED
    rows, one that stands near in the catalog.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    by_category: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        if products[row].full_text:
            by_category[products[row].category].append(row)
    if not by_category:
        return {}
    texts = {row: products[row].full_text for members in by_category.values() for row in members}
    vectorizer = TfidfVectorizer(sublinear_tf=True)
    matrix = vectorizer.fit_transform(list(texts.values()))
    place = {row: number for number, row in enumerate(texts)}
    found = {}
    for members in _parts(by_category.values()):
        own = matrix[[place[row] for row in members]]
        order = np.argsort(-(own @ own.T).toarray(), axis=1, kind="stable")[:, : MINED + 1]
        for number, row in enumerate(members):
            others = (members[other] for other in order[number])
            other = next((o for o in others if _different(products[row], products[o])), None)
            if other is not None:
                found[row] = other
    return found


def _parts(categories: Iterable[list[int]]) -> Iterator[list[int]]:
    for rows in categories:
        count = -(-len(rows) // COMPARED)
        size = -(-len(rows) // count)  # of parts of about one size
        yield from (rows[start : start + size] for start in range(0, len(rows), size))


def mine_neighbours(
    model: UniECSModel,
    processor: UniECSProcessor,
    batcher: Batcher,
    rows: Sequence[int],
    relations: Relations,
) -> npt.NDArray[np.int32]:
    """The listings that the encoder takes for one another, by their whole vectors.

    Args:
        model: The encoder as it stands.
        processor: Its processor.
        batcher: Gives the listings' pictures and texts.
        rows: Product rows of the training listings, [N].
        relations: Between products; what is right or masked is no negative.

    Returns:
        [N, MINED] positions in ``rows``, closest first; -1 where there are fewer.
    """
    vectors = _listing_vectors(model, processor, batcher, rows)
    codes = np.asarray(rows, dtype=np.int64)
    found = np.full((len(rows), MINED), -1, dtype=np.int32)
    for start in range(0, len(rows), 1024):
        own = slice(start, start + 1024)
        scores = vectors[own] @ vectors.T
        open_ = relations.positive_rows(codes[own], codes, text_alone=True)
        open_ |= relations.masked_rows(codes[own], codes, text_alone=False)
        scores[torch.from_numpy(open_)] = -2.0
        top = scores.topk(min(MINED, len(rows)), dim=1)
        best = torch.where(top.values > -2.0, top.indices, -1).numpy()
        found[own, : best.shape[1]] = best
    return found


def _listing_vectors(
    model: UniECSModel, processor: UniECSProcessor, batcher: Batcher, rows: Sequence[int]
) -> torch.Tensor:
    was_training = model.training
    model.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(rows), ROWS):
            inputs = batcher.listings(rows[start : start + ROWS])
            views = entry_views(model, processor, inputs)
            vectors = torch.zeros(len(rows[start : start + ROWS]), model.config.dim)
            for presence in (Presence.IMAGE, Presence.TEXT, Presence.BOTH):
                if (view := views.get(presence)) is not None:
                    vectors[view.places.cpu()] = view.vectors.float().cpu()
            parts.append(vectors)
    model.train(was_training)
    return torch.cat(parts).clone()


def _different(one: Product, other: Product) -> bool:
    return (
        one.group != other.group
        and normalise_text(one.title) != normalise_text(other.title)
        and dict(one.attributes) != dict(other.attributes)
    )
