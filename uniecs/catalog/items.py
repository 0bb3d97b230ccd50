"""What is encoded: a query or product with a text, a picture or both."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from uniecs.catalog.presence import Presence


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
