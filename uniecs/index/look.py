"""What a picture looks like, said without learning: its colours, and where its edges run.

An encoder trained from scratch on a small shop has seen each product from few sides and does not
know it again from another; its colours are the same from every side. The look is one unit vector,
so it is stored, searched and verified as the encoder's vectors are.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from uniecs.catalog.images import ImageLimits, decode_image
from uniecs.errors import ImageError

Floats = npt.NDArray[np.float32]

LOOK = "colours-6x7x7+edges-3x2x8"
"""Name of the descriptor; vectors of another are not comparable: schema_hash covers it."""

COLOURS = (6, 7, 7)
"""Bins of lightness, green to red and blue to yellow."""

EDGES = (3, 2, 8)
"""Rows and columns of cells, and directions in each."""

EDGE_WEIGHT = 0.5
"""Weight of the edges' cosine against that of the colours."""

LOOK_DIM = COLOURS[0] * COLOURS[1] * COLOURS[2] + EDGES[0] * EDGES[1] * EDGES[2]

LIMITS = ImageLimits(draft_side=128)
SIZE = (72, 96)
THREADS = 4
"""Pillow and numpy do most of the work outside the interpreter's lock."""

_NOTHING = np.zeros(LOOK_DIM, np.float32)
_CHROMA = 81.0
"""Largest green-red or blue-yellow distance from grey that is told apart."""

_TO_XYZ = (
    np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    / np.array([[0.9505], [1.0], [1.089]])
).astype(np.float32)

_LEVELS = np.arange(256) / 255.0
_LINEAR = np.where(_LEVELS > 0.04045, ((_LEVELS + 0.055) / 1.055) ** 2.4, _LEVELS / 12.92).astype(
    np.float32
)
"""Light of each of the 256 levels of an sRGB channel."""

_STEPS = np.array([COLOURS[1] * COLOURS[2], COLOURS[2], 1])
"""Distance of neighbouring bins in the flat histogram, by axis."""


def look_of(image: Path | bytes | Image.Image) -> npt.NDArray[np.float32]:
    """The look of a picture: [342] float32 of unit length.

    Raises:
        ImageError: When the picture cannot be decoded.
    """
    picture = image if isinstance(image, Image.Image) else decode_image(image, LIMITS)
    lab = _lab(np.asarray(picture.convert("RGB").resize(SIZE)))
    look = np.concatenate([_colours(lab), np.sqrt(EDGE_WEIGHT) * _edges(lab[0])])
    unit: npt.NDArray[np.float32] = (look / np.linalg.norm(look)).astype(np.float32)
    return unit


def looks_of(images: Sequence[Path | bytes | Image.Image | None]) -> npt.NDArray[np.float32]:
    """[N, 342] float32: the look of each picture; zeros where there is none or it is unreadable."""
    with ThreadPoolExecutor(THREADS) as pool:
        looks = list(pool.map(_look_or_nothing, images))
    return np.array(looks, np.float32).reshape(-1, LOOK_DIM)


def _look_or_nothing(image: Path | bytes | Image.Image | None) -> npt.NDArray[np.float32]:
    try:
        return _NOTHING if image is None else look_of(image)
    except ImageError:
        return _NOTHING


def _lab(pixels: npt.NDArray[np.uint8]) -> Floats:
    """CIE L*a*b* (D65) of sRGB pixels, [3, H, W]: equal distances look about equally far apart."""
    xyz = _TO_XYZ @ _LINEAR[pixels].reshape(-1, 3).T
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lab: Floats = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)])
    return lab.reshape(3, *pixels.shape[:2])


def _colours(lab: Floats) -> Floats:
    """Square roots of the shares of colours, so that a product is Bhattacharyya's coefficient.

    Chroma is companded: bins are narrow near grey, where most clothes, metals and woods are. A
    pixel is shared among its eight nearest bins, so that a little light moves a colour a little.
    """
    chroma = np.sign(lab[1:]) * np.sqrt(np.abs(lab[1:]) / _CHROMA)
    scaled = np.concatenate([lab[:1] / 100, (chroma + 1) / 2]).reshape(3, -1)
    bins = np.array(COLOURS)[:, None]
    place = np.clip(scaled * bins - np.float32(0.5), 0, bins - 1)
    lower = np.minimum(place.astype(np.int64), bins - 2)
    upper = (place - lower).astype(np.float32)
    shares = (1 - upper, upper)
    cell = _STEPS @ lower
    histogram = np.zeros(np.prod(COLOURS))
    for i, j in np.ndindex(2, 2):
        two = shares[i][0] * shares[j][1]
        for k in range(2):
            corner = cell + _STEPS @ (i, j, k)
            histogram += np.bincount(corner, two * shares[k][2], minlength=histogram.size)
    return np.sqrt(histogram / scaled.shape[1]).astype(np.float32)


def _edges(light: Floats) -> Floats:
    """Square roots of edge strength by cell and direction, the same for the mirrored picture."""
    down, right = np.gradient(light)
    strength = np.hypot(down, right)
    rows, columns, directions = EDGES
    place = np.arctan2(down, right) % np.pi / np.pi * directions
    lower = place.astype(np.int64)
    part = place - lower
    height, width = light.shape
    row = (np.arange(height) * rows // height)[:, None]
    column = (np.arange(width) * columns // width)[None]
    cell = (row * columns + column) * directions
    edges = np.zeros(rows * columns * directions)
    for direction, weight in ((lower, 1 - part), (lower + 1, part)):
        places = cell + direction % directions
        edges += np.bincount(places.ravel(), (weight * strength).ravel(), minlength=edges.size)
    seen = edges.reshape(EDGES)
    turned = np.roll(seen[:, ::-1, ::-1], 1, axis=-1)  # direction d becomes directions - d
    both = np.sqrt(seen + turned).ravel()
    return (both / max(float(np.linalg.norm(both)), 1e-9)).astype(np.float32)
