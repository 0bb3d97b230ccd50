"""Train, val and test: 80/10/10 by a hash of the group, so that variants never part."""

import hashlib

from uniecs.catalog.schema import SPLITS, Product


def split_of(product: Product) -> str:
    """The split named in the catalog, else one computed from the group.

    Example:
        >>> split_of(Product(product_id="1", title="mug", split="val"))
        'val'
    """
    if product.split in SPLITS:
        return str(product.split)
    bucket = int.from_bytes(hashlib.sha256(product.group.encode()).digest()[:8], "big") % 100
    return "train" if bucket < 80 else "val" if bucket < 90 else "test"
