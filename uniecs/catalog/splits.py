"""Train, val and test: 80/10/10 by a hash of the group, so that variants never part."""

import hashlib

from uniecs.catalog.schema import SPLITS, Product

TRAIN_BUCKETS = 80
VAL_BUCKETS = 10


def split_of(product: Product) -> str:
    """The split named in the catalog, else one computed from the group.

    Example:
        >>> split_of(Product(product_id="1", title="mug", split="val"))
        'val'
    """
    if product.split in SPLITS:
        return str(product.split)
    bucket = bucket_of(product.group)
    if bucket < TRAIN_BUCKETS:
        return "train"
    return "val" if bucket < TRAIN_BUCKETS + VAL_BUCKETS else "test"


def bucket_of(group: str) -> int:
    """A number from 0 to 99 that depends on the group alone; tests are the highest."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") % 100
