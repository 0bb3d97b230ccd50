"""A real forward as a health check: one text, one picture, and both."""

import io
from functools import cache

import numpy as np
from PIL import Image

from uniecs.errors import ModelError
from uniecs.inference.items import Encoded, Item

TEXT = "red cotton shirt"


@cache
def probe_picture() -> bytes:
    """A small JPEG with some structure."""
    ramp = np.arange(48 * 48, dtype=np.uint32).reshape(48, 48)
    pixels = np.stack([ramp % 256, ramp // 9 % 256, ramp.T % 256], axis=-1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=90)
    return buffer.getvalue()


def probe_items() -> list[Item]:
    """One item of each presence."""
    return [
        Item(id="text", text=TEXT),
        Item(id="image", image=probe_picture()),
        Item(id="both", text=TEXT, image=probe_picture()),
    ]


def check_probe(encoded: Encoded, *, dim: int) -> None:
    """Check that the vectors of ``probe_items`` are what an encoder must give.

    Raises:
        ModelError: An item failed, a vector is not of unit length and ``dim`` numbers, or a gate
            gives weight to a modality that is absent.
    """
    for item, error in zip(probe_items(), encoded.errors, strict=True):
        if error is not None:
            raise ModelError(
                f"The check item {item.id!r} failed with {error.code}: {error.message} "
                "The model cannot serve; deploy another."
            )
    if encoded.vectors.shape != (3, dim):
        raise ModelError(
            f"The check gave vectors of shape {encoded.vectors.shape}, expected {(3, dim)}."
        )
    norms = np.linalg.norm(encoded.vectors.astype(np.float64), axis=1)
    if not np.allclose(norms, 1.0, atol=1e-3):  # also refuses NaN
        raise ModelError(f"The check gave vectors of lengths {norms.tolist()}, expected 1.")
    text, image, _ = encoded.gates.tolist()
    sums = encoded.gates.astype(np.float64).sum(axis=1)
    if text[0] != 0 or image[1] != 0 or not np.allclose(sums, 1.0, atol=1e-3):
        raise ModelError(
            f"The check gave gates {encoded.gates.tolist()}; an absent modality must weigh 0."
        )
