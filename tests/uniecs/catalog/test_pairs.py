"""No query holds its own answer; kinds are what they say; variants are neither right nor wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from uniecs.catalog.copies import make_copy
from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.pairs import Pair, PairConfig, evaluation_pairs, kind_shares, listing_pairs
from uniecs.catalog.presence import Presence
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import catalog_relations
from uniecs.catalog.schema import Product, normalise_text
from uniecs.catalog.splits import split_of
from uniecs.catalog.training_pairs import TrainingPairs

Shop = Callable[..., Catalog]

CATALOGS = ["demo", "open_demo", pytest.param("myntra_dev", marks=pytest.mark.slow)]
"""Half a minute each for 9,226 products."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A catalog folder of given rows; every picture name is a flat colour of its own."""

    def build(rows: list[dict[str, object]], queries: str = "") -> Catalog:
        import json

        for row in rows:
            for number, name in enumerate(row.get("image_paths", [])):
                tint = sum(map(ord, str(name))) % 256
                Image.new("RGB", (24, 24), (tint, 40 * number, 90)).save(tmp_path / str(name))
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / "catalog.jsonl").write_text(lines)
        if queries:
            (tmp_path / "queries.jsonl").write_text(queries)
        return Catalog(tmp_path)

    return build


def assert_no_answer_inside(pairs: list[Pair], digests: PictureDigests) -> None:
    for pair in pairs:
        query, candidate = pair.query, pair.candidate
        if query.text and candidate.text:
            assert normalise_text(query.text) != normalise_text(candidate.text), pair
        if query.image and candidate.image and query.copy_seed is None:
            assert digests.of(query.image) != digests.of(candidate.image), pair


def test_queries_of_the_same_facts_share_their_answers_and_every_answer_has_the_facts(
    shop: Shop,
) -> None:
    colours = ("red", "blue")
    rows = [
        {
            "product_id": str(number),
            "title": f"mug {number}",
            "attributes": {"colour": colours[number % 2]},
            "split": "train",
        }
        for number in range(20)
    ]
    training = TrainingPairs(shop(rows), PairConfig(whole=0, short=1, composed=0))

    drawn = [pair for pair in training.draw(epoch=0, seed=0) if pair.kind == "short"]

    assert {pair.query.text: set(pair.answers) for pair in drawn} == {
        colour: {str(number) for number in range(20) if colours[number % 2] == colour}
        for colour in colours
    }
    assert len({id(pair.answers) for pair in drawn}) == len(colours)


@pytest.mark.parametrize("name", CATALOGS)
def test_no_pair_has_equal_text_or_picture_on_both_sides(
    name: str, request: pytest.FixtureRequest
) -> None:
    if name == "demo":
        folder = request.getfixturevalue("accepted_catalog")
    else:
        folder = request.getfixturevalue("shared_data") / name
    catalog = Catalog(folder)
    digests = PictureDigests(folder)
    training = TrainingPairs(catalog, PairConfig(), digests)

    for epoch in range(2):
        assert_no_answer_inside(training.draw(epoch, seed=0), digests)
    for split in ("val", "test"):
        assert_no_answer_inside(evaluation_pairs(catalog, split), digests)


@pytest.mark.parametrize("name", CATALOGS)
def test_nothing_held_out_is_trained_on(name: str, request: pytest.FixtureRequest) -> None:
    if name == "demo":
        folder = request.getfixturevalue("accepted_catalog")
    else:
        folder = request.getfixturevalue("shared_data") / name
    catalog = Catalog(folder)
    digests = PictureDigests(folder)
    training = TrainingPairs(catalog, PairConfig(), digests)
    texts = {normalise_text(query.text) for query in catalog.queries if query.text}
    pictures = {digests.of_path(query.image) for query in catalog.queries if query.image}
    pictures |= {
        digests.of(path)
        for product in catalog.products
        if split_of(product) != "train"
        for path in product.image_paths
    } - {""}

    for pair in training.draw(epoch=0, seed=0):
        for side in (pair.query, pair.candidate):
            assert split_of(catalog.by_id[side.product_id]) == "train"
            assert not side.text or normalise_text(side.text) not in texts
            assert not side.image or digests.of(side.image) not in pictures


def test_one_epoch_holds_every_listing_once_and_is_repeatable(accepted_catalog: Path) -> None:
    catalog = Catalog(accepted_catalog)
    training = TrainingPairs(catalog, PairConfig(whole=0, short=0, composed=0))

    pairs = training.draw(epoch=0, seed=5)

    listed = [pair.candidate.product_id for pair in pairs]
    assert len(set(listed)) == len(listed)
    assert pairs == TrainingPairs(catalog, training.config).draw(epoch=0, seed=5)
    assert pairs != training.draw(epoch=1, seed=5)


def test_the_demo_has_pairs_of_every_kind(accepted_catalog: Path) -> None:
    training = TrainingPairs(Catalog(accepted_catalog), PairConfig(composed=0.3))

    shares = kind_shares([pair for epoch in range(6) for pair in training.draw(epoch, seed=0)])

    assert set(shares) == {"view", "copy", "listing", "whole", "short", "composed"}
    assert sum(shares.values()) == pytest.approx(1.0)


def test_a_listing_without_another_view_is_paired_with_a_copy(shop: Shop) -> None:
    row = {"product_id": "1", "title": "mug", "description": "holds tea", "image_paths": ["a.png"]}
    catalog = shop([row])

    (pair,) = listing_pairs(catalog.products, PictureDigests(catalog.folder))

    assert pair.kind == "copy"
    assert pair.query.copy_seed is not None
    assert (pair.query.text, pair.candidate.text) == ("mug", "holds tea")


def test_listings_of_one_title_are_never_paired_with_each_other(shop: Shop) -> None:
    rows = [
        {"product_id": i, "group_id": "g", "title": "White Kurta", "image_paths": [f"{i}.png"]}
        for i in ("1", "2")
    ]
    catalog = shop(rows)

    pairs = listing_pairs(catalog.products, PictureDigests(catalog.folder))

    assert all(pair.query.product_id == pair.candidate.product_id for pair in pairs)


def test_two_listings_of_one_variant_are_a_pair(shop: Shop) -> None:
    rows = [
        {
            "product_id": i,
            "group_id": "g",
            "title": title,
            "attributes": {"color": "red", "seller": i},
            "image_paths": [f"{i}.png"],
        }
        for i, title in (("1", "Red mug"), ("2", "Mug, deep red"))
    ]
    catalog = shop(rows)

    pairs = listing_pairs(catalog.products, PictureDigests(catalog.folder))

    assert [(p.kind, p.query.product_id, p.candidate.product_id) for p in pairs] == [
        ("listing", "2", "1"),
        ("listing", "1", "2"),
    ]


def test_relations_tell_answers_from_variants() -> None:
    products = [
        Product(product_id="a", group_id="g", title="Shirt red"),
        Product(product_id="b", group_id="g", title="Shirt blue"),
        Product(product_id="c", title="Shirt red"),
        Product(product_id="d", title="Shoe"),
    ]
    from uniecs.catalog.relations import Relations

    relations = Relations(products, same_picture=[["c", "d"]])
    ids = [product.product_id for product in products]

    by_picture = relations.positives(ids, ids, Presence.IMAGE, Presence.BOTH)
    by_text = relations.positives(ids, ids, Presence.TEXT, Presence.IMAGE)
    open_ = relations.masked(ids, ids, Presence.BOTH, Presence.IMAGE)

    assert by_picture[2, 3]
    assert not by_picture[0, 2]
    assert by_text[0, 2]
    assert open_[0, 1]
    assert not open_[0, 0]
    assert not relations.masked(ids, ids, Presence.TEXT, Presence.BOTH).any()
    assert not (open_ & by_picture).any()


def test_byte_identical_pictures_make_products_equal(shop: Shop) -> None:
    rows = [
        {"product_id": "1", "title": "mug", "image_paths": ["ab.png"]},
        {"product_id": "2", "title": "cup", "image_paths": ["ba.png"]},
        {"product_id": "3", "title": "lamp", "image_paths": ["zz.png"]},
    ]
    relations = catalog_relations(shop(rows))

    right = relations.positives(["1"], ["1", "2", "3"], Presence.IMAGE, Presence.IMAGE)

    assert right.tolist() == [[True, True, False]]


def test_a_copy_is_another_picture_of_the_same_thing() -> None:
    picture = Image.effect_mandelbrot((120, 90), (-2, -1, 1, 1), 50).convert("RGB")

    copies = [make_copy(picture, seed) for seed in (1, 1, 2)]

    assert copies[0].tobytes() == copies[1].tobytes()
    assert copies[0].tobytes() != copies[2].tobytes()
    assert all(0.7 < (c.width * c.height) / (120 * 90) < 1.0 for c in copies)
