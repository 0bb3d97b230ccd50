"""A split whose test part is large enough to be judged by."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from uniecs.catalog.schema import SPLITS, Product
from uniecs.catalog.splits import TRAIN_BUCKETS, VAL_BUCKETS, bucket_of, split_of

LARGEST_TEST = 25
"""Per cent of the groups; a catalog that needs more is too small to be judged."""


def sized_splits(
    products: Sequence[Product], enough: Callable[[Sequence[Product]], bool]
) -> dict[str, str]:
    """The split of every product: as ``split_of`` says, unless test is too small to judge by.

    Then test takes more groups, one bucket after another, where the catalog names no split. Where
    it does, its val joins test, and a new val is taken from train. Either way, nothing that was
    held out is ever trained on, and a group that was whole stays whole.

    Args:
        products: All rows.
        enough: Whether these test products suffice.

    Returns:
        product_id -> split; as ``split_of`` says when nothing suffices.
    """
    usual = {product.product_id: split_of(product) for product in products}
    for proposal in (usual, *_proposals(products, usual)):
        if enough([p for p in products if proposal[p.product_id] == "test"]):
            return dict(proposal)
    return usual


def _proposals(
    products: Sequence[Product], usual: Mapping[str, str]
) -> Iterator[Mapping[str, str]]:
    for share in range(100 - TRAIN_BUCKETS - VAL_BUCKETS + 1, LARGEST_TEST + 1):
        yield {
            product.product_id: usual[product.product_id]
            if product.split in SPLITS
            else _by_bucket(bucket_of(product.group), share)
            for product in products
        }
    yield {
        product.product_id: "test" if usual[product.product_id] != "train" else _of_train(product)
        for product in products
    }


def _of_train(product: Product) -> str:
    """By another hash than the one that made train, which keeps only its lower buckets."""
    return "val" if bucket_of(f"val of {product.group}") < VAL_BUCKETS else "train"


def _by_bucket(bucket: int, test_share: int) -> str:
    if bucket >= 100 - test_share:
        return "test"
    return "val" if bucket >= 100 - test_share - VAL_BUCKETS else "train"
