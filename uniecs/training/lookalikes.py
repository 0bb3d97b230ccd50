"""Products that are much alike: near duplicates, texts that could be mistaken, mined neighbours."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch

from uniecs.catalog.presence import Presence
from uniecs.catalog.relations import Relations
from uniecs.catalog.schema import Product, normalise_text
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.training.batches import Batcher
from uniecs.training.pixels import PixelStore
from uniecs.training.views import entry_views

SIDE = 16
SAME_PICTURE = 0.02
"""Mean difference of two thumbnails, of full scale, below which they show the same picture."""

MINED = 8
"""Neighbours that are kept of each listing."""

ROWS = 128
"""Rows per forward pass."""


def near_duplicates(products: Sequence[Product], pixels: PixelStore) -> dict[int, int]:
    """Clusters of products whose pictures look the same or whose titles hold the same words.

    Returns:
        Row -> number of its cluster, for rows that share one.
    """
    buckets: dict[object, list[int]] = defaultdict(list)
    thumbnails = _thumbnails(products, pixels)
    for row, product in enumerate(products):
        words = tuple(sorted(normalise_text(product.title).split()))
        if words:
            buckets["words", words].append(row)
    alike = [pair for rows in buckets.values() for pair in pairwise(rows)]
    alike += _same_pictures(thumbnails)
    return _clusters(alike)


def lookalike_texts(products: Sequence[Product], rows: Sequence[int]) -> dict[int, int]:
    """For each row, the row of its category whose text is most like its own (UNIECS.md 8.10).

    Never one of its group, of its title, or of the same facts.
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
    for members in by_category.values():
        own = matrix[[place[row] for row in members]]
        order = np.argsort(-(own @ own.T).toarray(), axis=1, kind="stable")[:, : MINED + 1]
        for number, row in enumerate(members):
            others = (members[other] for other in order[number])
            other = next((o for o in others if _different(products[row], products[o])), None)
            if other is not None:
                found[row] = other
    return found


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


def _thumbnails(
    products: Sequence[Product], pixels: PixelStore
) -> dict[int, npt.NDArray[np.float32]]:
    rows = [row for row, p in enumerate(products) if p.image and p.image in pixels]
    found: dict[int, npt.NDArray[np.float32]] = {}
    for start in range(0, len(rows), 512):
        part = rows[start : start + 512]
        pictures = pixels.take([products[row].image or "" for row in part]).float() / 255
        small = torch.nn.functional.adaptive_avg_pool2d(pictures, SIDE).numpy()
        found |= dict(zip(part, small, strict=True))
    return found


def _same_pictures(thumbnails: Mapping[int, npt.NDArray[np.float32]]) -> list[tuple[int, int]]:
    """Pairs of rows whose thumbnails differ by less than SAME_PICTURE on the mean.

    The means of four quarters differ by no more than the thumbnails themselves, so a tree over
    those finds every such pair, and a few more that are looked at again.
    """
    if not thumbnails:
        return []
    from scipy.spatial import cKDTree

    rows = list(thumbnails)
    flat = np.stack([thumbnails[row] for row in rows])
    half = SIDE // 2
    quarters = flat.reshape(len(rows), 3, 2, half, 2, half).mean(axis=(3, 5)).reshape(len(rows), -1)
    near = cKDTree(quarters).query_pairs(
        SAME_PICTURE * quarters.shape[1], p=1, output_type="ndarray"
    )
    close = [
        np.abs(flat[part[:, 0]] - flat[part[:, 1]]).mean(axis=(1, 2, 3)) < SAME_PICTURE
        for part in np.array_split(near, len(near) // 4096 + 1)
    ]
    found = near[np.concatenate(close)]
    return [(rows[one], rows[other]) for one, other in found.tolist()]


def _clusters(alike: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Connected components, named by their smallest row."""
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        while parent.setdefault(row, row) != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for one, other in alike:
        a, b = root(one), root(other)
        parent[max(a, b)] = min(a, b)
    return {row: root(row) for row in parent}
