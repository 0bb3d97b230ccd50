"""What the evaluated split has in common with the train split, by title and by picture."""

import numpy as np

from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import Relations
from uniecs.catalog.splits import split_of
from uniecs.evaluation.part import Part


class Leakage(Part):
    """Listings of the evaluated split that training may have seen in part.

    Attributes:
        listings: Of the split.
        titles: Of them, those whose normalised title a train listing has.
        pictures: Those whose indexed picture is, byte for byte, that of a train listing; training
            leaves such a picture out.
    """

    listings: int
    titles: int
    pictures: int


def leakage(catalog: Catalog, relations: Relations, split: str) -> Leakage | None:
    """Compare the split with train; None for train itself.

    Args:
        catalog: A catalog whose rows are valid.
        relations: Between all its products.
        split: The split that is evaluated.
    """
    if split == "train":
        return None
    splits = np.array([split_of(product) for product in catalog.products])
    own, trained = splits == split, splits == "train"
    return Leakage(
        listings=int(own.sum()),
        titles=int(np.isin(relations.title[own], relations.title[trained]).sum()),
        pictures=int(np.isin(relations.picture[own], relations.picture[trained]).sum()),
    )
