"""What a shopper types or shows who has one product in mind."""

from pathlib import Path

import numpy as np

from uniecs.catalog.images import resolve_image
from uniecs.catalog.queries import Query
from uniecs.catalog.reading import Catalog
from uniecs.catalog.schema import Product
from uniecs.catalog.wording import short_facts
from uniecs.errors import ImageError
from uniecs.simulation.config import SimulationConfig

_MAX_FACTS = 3


def shopper_query(
    catalog: Catalog,
    product: Product,
    query_id: str,
    *,
    config: SimulationConfig,
    rng: np.random.Generator,
) -> Query:
    """A query for a product: a few of its words, one of its pictures, or both.

    The picture is the last one, another view than the indexed one where the product has several.
    A product without words is asked for by picture, one without a picture by words.
    """
    choice = rng.random()
    words = _words(product, rng)
    picture = _picture(catalog, product)
    text_only = choice < config.text_share
    image_only = not text_only and choice < config.text_share + config.image_share
    return Query(
        query_id=query_id,
        type="simulated",
        text="" if image_only and picture else words,
        image=None if text_only and words else picture,
        exclude=None,
        relevance={},
        source_product_id=product.product_id,
    )


def _words(product: Product, rng: np.random.Generator) -> str:
    facts = list(dict.fromkeys(short_facts(product).values()))
    if not facts:
        return " ".join(product.title.split()[:_MAX_FACTS])
    count = min(len(facts), int(rng.integers(1, _MAX_FACTS + 1)))
    return " ".join(facts[n] for n in sorted(rng.permutation(len(facts))[:count]))


def _picture(catalog: Catalog, product: Product) -> Path | None:
    for relative in reversed(product.image_paths):
        try:
            path = resolve_image(catalog.folder, relative)
        except ImageError:
            continue
        if path.is_file():
            return path
    return None
