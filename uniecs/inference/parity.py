"""Do two encoders give the same vectors? Compared item by item, over every presence."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field

from uniecs.catalog.images import resolve_image
from uniecs.catalog.presence import VIEWS, Presence
from uniecs.catalog.reading import Catalog
from uniecs.errors import CatalogError, ImageError
from uniecs.inference.items import Encoded, Item

PRODUCTS = 64
"""Whose three views are compared."""


class ItemEncoder(Protocol):
    """What is compared."""

    def encode(self, items: Sequence[Item], *, batch_size: int = 64) -> Encoded:
        """Encode items, order kept, with an error for each item that cannot be encoded."""


class Parity(BaseModel):
    """How near the vectors of two encoders are.

    Attributes:
        items: Items that were compared.
        cosine: Smallest cosine between the two vectors of an item, by presence (``I``, ``T``,
            ``IT``), and of all items under ``min`` and ``mean``.
        gates: Largest difference of a modality weight.
        threshold: What ``cosine["min"]`` must reach.
        passed: Whether it does, and both encoders failed on the same items.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    items: int = Field(ge=1)
    cosine: dict[str, float]
    gates: float
    threshold: float
    passed: bool


def catalog_items(catalog: Catalog, products: int = PRODUCTS) -> list[Item]:
    """The views of some products that have text and picture, spread evenly over a catalog.

    Raises:
        CatalogError: When no product has both.
    """
    whole = []
    for product in catalog.products:
        try:
            if product.presence is Presence.BOTH and product.image:
                path = resolve_image(catalog.folder, product.image)
                whole.append((product.product_id, product.full_text, path))
        except ImageError:  # counted by validation; here any other product will do
            continue
    if not whole:
        raise CatalogError(f"{catalog.folder}: no product has both text and picture to compare.")
    picked = np.linspace(0, len(whole) - 1, min(products, len(whole))).astype(int)
    return [item for row in picked for item in _views(*whole[row])]


def random_items(words: Sequence[str], *, seed: int, products: int = PRODUCTS) -> list[Item]:
    """The views of made-up products: 1 to 40 words of a vocabulary, and coloured noise."""
    rng = np.random.default_rng(seed)
    items = []
    for number in range(products):
        text = " ".join(rng.choice(words, size=rng.integers(1, 41)))
        cells = rng.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
        width, height = (int(side) for side in rng.integers(20, 400, size=2))
        picture = Image.fromarray(cells).resize((width, height), Image.Resampling.BICUBIC)
        items += _views(str(number), text, picture)
    return items


def _views(name: str, text: str, image: Path | Image.Image) -> list[Item]:
    return [
        Item(
            name,
            text=text if Presence.TEXT in view else "",
            image=image if Presence.IMAGE in view else None,
        )
        for view in VIEWS
    ]


def compare(ours: ItemEncoder, theirs: ItemEncoder, items: Sequence[Item], floor: float) -> Parity:
    """Encode the items with both, and compare.

    Args:
        ours: Gives the reference.
        theirs: Gives what is compared with it.
        items: Items of every presence.
        floor: Smallest cosine that passes.
    """
    one, other = ours.encode(items), theirs.encode(items)
    wrong = [(a is None) != (b is None) for a, b in zip(one.errors, other.errors, strict=True)]
    both = np.array([error is None for error in one.errors]) & ~np.array(wrong)
    products = one.vectors.astype(np.float64) * other.vectors.astype(np.float64)
    cosines = products.sum(axis=1)
    found = {
        view.label: float(cosines[rows].min())
        for view in VIEWS
        if (rows := both & np.array([item.presence is view for item in items])).any()
    }
    found["min"] = min(found.values(), default=-1.0)
    found["mean"] = float(cosines[both].mean()) if both.any() else -1.0
    return Parity(
        items=len(items),
        cosine=found,
        gates=float(np.abs(one.gates - other.gates).max()),
        threshold=floor,
        passed=not any(wrong) and found["min"] >= floor,
    )
