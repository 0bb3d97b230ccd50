"""Pictures small enough to stand inside a page."""

import base64
import io
from pathlib import Path

from PIL import Image

from uniecs.catalog.copies import side_picture
from uniecs.catalog.images import ImageLimits, decode_image
from uniecs.catalog.pairs import Side
from uniecs.errors import ImageError

HEIGHT, WIDTH, QUALITY = 112, 112, 70
LIMITS = ImageLimits(draft_side=HEIGHT)


def side_thumbnail(folder: Path, side: Side) -> str:
    """The picture of a side as a data URI; empty when there is none."""
    if not side.image:
        return ""
    try:
        return _data_uri(side_picture(folder, side.image, side.copy_seed, LIMITS))
    except ImageError:
        return ""


def file_thumbnail(path: Path | None) -> str:
    """A picture file as a data URI; empty when there is none."""
    if path is None:
        return ""
    try:
        return _data_uri(decode_image(path, LIMITS))
    except ImageError:
        return ""


def _data_uri(image: Image.Image) -> str:
    image.thumbnail((WIDTH, HEIGHT))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
