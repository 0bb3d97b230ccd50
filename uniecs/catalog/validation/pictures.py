"""Facts of one picture: does it decode, how large is it, which bytes does it have."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from uniecs.catalog.images import decode_image, read_image, resolve_image
from uniecs.errors import ImageError

READABLE = "ok"


@dataclass(frozen=True, slots=True)
class PictureFact:
    """What is known of one named picture.

    Attributes:
        code: ``ok``, or the code of the ``ImageError``.
        width: Upright width, px; 0 when it cannot be decoded.
        height: Upright height, px.
        digest: First 8 bytes of the sha256 of the file, as a signed number: among a million
            pictures two different ones share it with a chance of 3 in a hundred million.
    """

    code: str
    width: int = 0
    height: int = 0
    digest: int = 0


def examine_picture(folder: Path, relative: str) -> PictureFact:
    """Read and decode one picture of a catalog just as training and serving will."""
    try:
        data = read_image(resolve_image(folder, relative))
        image = decode_image(data)
    except ImageError as error:
        return PictureFact(error.code)
    digest = int.from_bytes(hashlib.sha256(data).digest()[:8], "big", signed=True)
    return PictureFact(READABLE, *image.size, digest)
