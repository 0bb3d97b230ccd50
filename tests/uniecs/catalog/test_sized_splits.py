from uniecs.catalog.schema import Product
from uniecs.catalog.sized_splits import sized_splits
from uniecs.catalog.splits import split_of


def listings(count: int, *, split: str | None = None) -> list[Product]:
    return [
        Product(product_id=f"{split}-{n}", group_id=f"{split}-g{n // 2}", title="mug", split=split)
        for n in range(count)
    ]


def test_a_split_that_is_large_enough_stays_as_it_is():
    products = listings(400)

    assert sized_splits(products, lambda test: len(test) >= 20) == {
        p.product_id: split_of(p) for p in products
    }


def test_test_takes_whole_groups_until_it_can_be_judged():
    products = listings(400)

    splits = sized_splits(products, lambda test: len(test) >= 60)

    test = [p for p in products if splits[p.product_id] == "test"]
    assert 60 <= len(test) <= 80
    assert {splits[p.product_id] for p in products} == {"train", "val", "test"}
    assert all(
        splits[one.product_id] == splits[other.product_id]
        for one, other in zip(products[::2], products[1::2], strict=True)
    )


def test_a_larger_test_never_gives_back_what_was_held_out():
    products = listings(400)

    splits = sized_splits(products, lambda test: len(test) >= 60)

    held_out = [p for p in products if split_of(p) == "test"]
    assert all(splits[p.product_id] == "test" for p in held_out)


def test_where_the_catalog_names_a_split_val_joins_test_and_train_gives_a_new_val():
    products = [*listings(300, split="train"), *listings(30, split="val"),
                *listings(40, split="test")]  # fmt: skip

    splits = sized_splits(products, lambda test: len(test) >= 60)

    assert {splits[p.product_id] for p in products if p.split != "train"} == {"test"}
    assert {splits[p.product_id] for p in products if p.split == "train"} == {"train", "val"}


def test_a_new_val_is_found_also_where_the_named_split_is_the_hash_of_the_group():
    products = [
        product.model_copy(update={"split": split_of(product)}) for product in listings(400)
    ]

    splits = sized_splits(products, lambda test: len(test) >= 60)

    from_train = [splits[p.product_id] for p in products if p.split == "train"]
    assert set(from_train) == {"train", "val"}
    assert 10 < from_train.count("val") < 60


def test_when_nothing_suffices_the_usual_split_stays():
    products = listings(40)

    assert sized_splits(products, lambda _: False) == {p.product_id: split_of(p) for p in products}
