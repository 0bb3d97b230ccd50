"""Exact search and evaluation with the vectors that the index is built of, encoded once."""

from pathlib import Path

import numpy as np

from uniecs.catalog.items import product_item
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.errors import DataError
from uniecs.evaluation.remembering import RememberingEncoder
from uniecs.evaluation.views import ItemEncoder
from uniecs.index.shards import Embedded, read_embeddings, read_report
from uniecs.search.hybrid import Looks


def with_embeddings(
    encoder: ItemEncoder, catalog: Catalog, folder: Path
) -> tuple[RememberingEncoder, Looks]:
    """The encoder, knowing what it said of the catalog's products; and how their pictures look.

    Args:
        encoder: The model that made the embeddings; encodes whatever else is asked.
        catalog: The catalog that was embedded.
        folder: A finished folder of its IT view.

    Raises:
        DataError: When the folder is not finished, or of another model, catalog or view.
    """
    report = read_report(folder)
    for name, made, wanted in (
        ("model", report.model_version, encoder.model_version),
        ("catalog", report.catalog_digest, catalog.digest),
        ("view", report.view, Presence.BOTH.label),
    ):
        if made != wanted:
            raise DataError(f"{folder} is of {name} {made}, not {wanted}; embed the catalog again.")
    knowing = RememberingEncoder(encoder)
    looks: dict[str, np.ndarray] = {}
    for part in read_embeddings(folder):
        _learn(knowing, catalog, part)
        looks |= zip(part.ids, part.looks, strict=True)
    return knowing, looks


def _learn(knowing: RememberingEncoder, catalog: Catalog, part: Embedded) -> None:
    """Take vectors of whole listings, and those of pictures beside a text.

    A listing whose picture turned out to be unreadable was embedded from its text alone: what the
    encoder says of picture and text is asked again, and is an error again.
    """
    products = [catalog.by_id[product_id] for product_id in part.ids]
    items = [product_item(product, catalog.folder, Presence.BOTH) for product in products]
    whole = [row for row, item in enumerate(items) if item.presence is part.presences[row]]
    knowing.learn([items[row] for row in whole], part.vectors[whole], part.gates[whole])
    seen = [row for row in whole if part.presences[row] is Presence.BOTH]
    pictures = [product_item(products[row], catalog.folder, Presence.IMAGE) for row in seen]
    alone = np.tile(np.array([1.0, 0.0], np.float32), (len(seen), 1))
    knowing.learn(pictures, part.pictures[seen], alone)
