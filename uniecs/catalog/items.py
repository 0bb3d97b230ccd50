"""What is encoded: a query or product with a text, a picture or both."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from uniecs.catalog.images import resolve_image
from uniecs.catalog.presence import Presence
from uniecs.catalog.schema import Product
from uniecs.errors import ImageError


@dataclass(frozen=True, slots=True)
class Item:
    """A query or product to encode.

    Attributes:
        text: Text, or empty for absent.
        image: Encoded bytes, a path, or a decoded RGB picture; None for absent.
    """

    id: str
    text: str = ""
    image: bytes | Path | Image.Image | None = None

    @property
    def presence(self) -> Presence:
        """Modalities that the item claims."""
        return Presence.of(text=self.text.strip(), image=self.image is not None)


def product_item(product: Product, folder: Path, view: Presence) -> Item:
    """What a view shows of a product; a path out of the catalog's folder is an absent picture."""
    image = None
    if Presence.IMAGE in view and product.image:
        try:
            image = resolve_image(folder, product.image)
        except ImageError:
            image = None
    return Item(product.product_id, product.full_text if Presence.TEXT in view else "", image)
