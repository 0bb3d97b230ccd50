"""Fingerprints of pictures: equal bytes, and the same picture in another size or encoding.

A fingerprint is a difference hash (the sign of the grey step to the right and down, in a 12 x 12
grid) beside a 4 x 4 grid of mean colours. The hash alone calls a red and a blue shirt equal; the
colours alone call two shirts of one colour equal. Steps below the noise of an encoder count as
flat, so that a plain background gives the same bits every time.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from uniecs.catalog.images import ImageLimits, decode_image, read_image, resolve_image

GRID, FLAT, COLOURS = 12, 2, 4
BITS = 4 * GRID**2

NEAR_BITS = 24
"""Of 576. docs/benchmark.md says how this and ``NEAR_COLOUR`` were chosen."""
NEAR_COLOUR = 12
"""Largest difference of a mean colour in any cell and channel, of 255."""

_LIMITS = ImageLimits(draft_side=64)
_BLOCK_BYTES = 2**26


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One readable picture.

    Attributes:
        path: As the catalog names it.
        digest: sha256 of the file, hex.
        bits: [9] uint64, the 576 bits of the difference hash.
        colours: [48] int16, mean RGB of 4 x 4 cells.
    """

    path: str
    digest: str
    bits: npt.NDArray[np.uint64]
    colours: npt.NDArray[np.int16]


def read_picture(folder: Path, path: str) -> Picture:
    """Read, decode and fingerprint one picture of a catalog.

    Raises:
        ImageError: When the picture cannot be read or decoded.
    """
    data = read_image(resolve_image(folder, path), _LIMITS)
    image = decode_image(data, _LIMITS)
    return Picture(path, hashlib.sha256(data).hexdigest(), *fingerprint(image))


def fingerprint(image: Image.Image) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int16]]:
    """``bits`` and ``colours`` of a decoded picture, as ``Picture`` describes them."""
    return _hash(image), _mean_colours(image)


def near_rows(
    bits: npt.NDArray[np.uint64], colours: npt.NDArray[np.int16], pairs: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Which pairs show the same picture.

    Args:
        bits: [N, 9] of N pictures.
        colours: [N, 48] of the same.
        pairs: [P, 2] rows.

    Returns:
        [P].
    """
    one, other = pairs[:, 0], pairs[:, 1]
    distance = np.bitwise_count(bits[one] ^ bits[other]).sum(axis=1, dtype=np.int64)
    gap = np.abs(colours[one] - colours[other]).max(axis=1, initial=0)
    near: npt.NDArray[np.bool_] = (distance <= NEAR_BITS) & (gap <= NEAR_COLOUR)
    return near


def is_near(one: Picture, other: Picture) -> bool:
    """Whether both show the same picture, whatever the size or encoding."""
    return any(near_pictures([one], [other]))


def near_pictures(asked: Sequence[Picture], known: Sequence[Picture]) -> Iterator[tuple[int, int]]:
    """(index in ``asked``, index in ``known``) of every near pair, in order.

    Compares all with all, in blocks: 1,000 against 10,000 pictures take about a second.
    """
    if not asked or not known:
        return
    bits = np.stack([picture.bits for picture in known])
    colours = np.stack([picture.colours for picture in known])
    step = max(1, _BLOCK_BYTES // bits.nbytes)
    for start in range(0, len(asked), step):
        block = asked[start : start + step]
        different = np.stack([picture.bits for picture in block])[:, None] ^ bits[None]
        distance = np.bitwise_count(different).sum(axis=2, dtype=np.int64)
        for row, column in zip(*np.nonzero(distance <= NEAR_BITS), strict=True):
            gap = np.abs(block[row].colours - colours[column]).max()
            if gap <= NEAR_COLOUR:
                yield start + int(row), int(column)


def _hash(image: Image.Image) -> npt.NDArray[np.uint64]:
    side = GRID + 1
    grey = np.asarray(image.convert("L").resize((side, side), Image.Resampling.BOX), dtype=np.int16)
    right = grey[:GRID, 1:] - grey[:GRID, :GRID]
    down = grey[1:, :GRID] - grey[:GRID, :GRID]
    signs = [step > FLAT for step in (right, -right, down, -down)]
    return np.packbits(np.stack(signs)).view(np.uint64)


def _mean_colours(image: Image.Image) -> npt.NDArray[np.int16]:
    cells = image.resize((COLOURS, COLOURS), Image.Resampling.BOX)
    return np.asarray(cells, dtype=np.int16).ravel()
