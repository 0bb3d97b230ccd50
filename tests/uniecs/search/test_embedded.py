"""Evaluation and exact search with the vectors that the index is built of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.shop import Shop
from uniecs.catalog.items import Item, product_item
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.catalog.reading import Catalog
from uniecs.errors import DataError
from uniecs.evaluation.views import EncodedItems
from uniecs.index.embeddings import embed_catalog
from uniecs.search.embedded import with_embeddings
from uniecs.search.hybrid import CatalogSearch


class Counting:
    """An encoder that notes what it is asked."""

    def __init__(self, shop: Shop) -> None:
        self._encoder = shop.encoder
        self.model_version = shop.encoder.model_version
        self.dim = shop.encoder.dim
        self.asked: list[Item] = []

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> EncodedItems:
        self.asked += items
        return self._encoder.encode(items, batch_size=batch_size)


@pytest.fixture(scope="module")
def embedded(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embedded") / "vectors"
    embed_catalog(shop.encoder, shop.catalog, folder)
    return folder


def test_what_was_embedded_is_what_the_encoder_says_and_is_not_asked_again(
    shop: Shop, embedded: Path
) -> None:
    counting = Counting(shop)
    knowing, _ = with_embeddings(counting, shop.catalog, embedded)
    for view in (Presence.BOTH, Presence.IMAGE):
        items = [product_item(p, shop.catalog.folder, view) for p in shop.catalog.products]
        items = [item for item in items if item.presence is not Presence(0)]

        found, expected = knowing.encode(items), shop.encoder.encode(items)

        failed = [row for row, error in enumerate(expected.errors) if error]
        assert [row for row, error in enumerate(found.errors) if error] == failed
        assert np.allclose(found.vectors, expected.vectors, atol=1e-5)
        assert np.allclose(found.gates, expected.gates, atol=1e-5)
        assert len(counting.asked) == len(failed), view
        counting.asked.clear()


def test_search_with_embeddings_ranks_as_search_without(shop: Shop, embedded: Path) -> None:
    from tests.uniecs.search.test_hybrid import query

    knowing, looks = with_embeddings(shop.encoder, shop.catalog, embedded)
    picture = next(shop.catalog.folder / p.image for p in shop.catalog.products if p.image)
    queries = [query("red mug"), query("red", picture), query("", picture, "other_view")]

    found = CatalogSearch(knowing, shop.catalog, looks).hybrid(queries, 5)

    plain = CatalogSearch(shop.encoder, shop.catalog).hybrid(queries, 5)
    for one, other in zip(found, plain, strict=True):
        assert [name for name, _ in one] == [name for name, _ in other]
        assert np.allclose([s for _, s in one], [s for _, s in other], atol=1e-4)


def test_texts_alone_are_asked(shop: Shop, embedded: Path) -> None:
    counting = Counting(shop)
    knowing, _ = with_embeddings(counting, shop.catalog, embedded)

    knowing.encode([Item("q", "red mug")])

    assert [item.text for item in counting.asked] == ["red mug"]


def test_embeddings_of_another_model_or_view_are_refused(
    shop: Shop, embedded: Path, tmp_path: Path
) -> None:
    other = Counting(shop)
    other.model_version = "m-other"
    with pytest.raises(DataError, match="not m-other; embed"):
        with_embeddings(other, shop.catalog, embedded)

    embed_catalog(shop.encoder, shop.catalog, tmp_path / "texts", view=VIEWS[1])
    with pytest.raises(DataError, match="is of view"):
        with_embeddings(shop.encoder, shop.catalog, tmp_path / "texts")


def test_embeddings_of_another_catalog_are_refused(
    shop: Shop, embedded: Path, demo_catalog: Path
) -> None:
    with pytest.raises(DataError, match="is of catalog"):
        with_embeddings(shop.encoder, Catalog(demo_catalog), embedded)
