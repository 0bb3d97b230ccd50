"""A picture that shows the same thing but is another file: cropped, re-lit, re-encoded."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance

from uniecs.catalog.images import ImageLimits, decode_image, resolve_image


def make_copy(image: Image.Image, seed: int) -> Image.Image:
    """Crop 75-95 % of the area, change light, contrast and colour a little, re-encode as JPEG.

    The same seed gives the same copy.
    """
    rng = np.random.default_rng(seed)
    width, height = image.size
    scale = np.sqrt(rng.uniform(0.75, 0.95))
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    left = int(rng.integers(0, width - w + 1))
    top = int(rng.integers(0, height - h + 1))
    copy = image.crop((left, top, left + w, top + h))
    for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        copy = enhance(copy).enhance(float(rng.uniform(0.85, 1.15)))
    buffer = io.BytesIO()
    copy.save(buffer, "JPEG", quality=int(rng.integers(45, 86)))
    buffer.seek(0)
    return Image.open(buffer).convert("RGB")


def side_picture(
    folder: Path, path: str, copy_seed: int | None, limits: ImageLimits | None = None
) -> Image.Image:
    """The picture of one side of a pair: the file itself, or a seeded copy of it.

    Raises:
        ImageError: When the picture cannot be decoded.
    """
    image = decode_image(resolve_image(folder, path), limits)
    return image if copy_seed is None else make_copy(image, copy_seed)
