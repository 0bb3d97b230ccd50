"""The four lists that are encoded, and how a peer without mixed lists takes one apart."""

from collections.abc import Callable, Sequence
from typing import Any

from PIL import Image

from benchmarks.speed.inputs import Inputs

BATCH = 32
"""Rows per forward pass of every arm: sentence_transformers' default."""

MIX = {"text": 0.5, "image": 0.25, "both": 0.25}
"""Shares of the mixed list."""

Row = tuple[str, Image.Image | None]
"""Text (may be empty) and decoded picture (may be None)."""


def kinds(inputs: Inputs, count: int) -> dict[str, list[Row]]:
    """``count`` rows of each kind: text, image, both, and mixed."""
    texts = [inputs.texts[n % len(inputs.texts)] for n in range(count)]
    pictures = inputs.pictures(count)
    rows: dict[str, list[Row]] = {
        "text": [(text, None) for text in texts],
        "image": [("", picture) for picture in pictures],
        "both": list(zip(texts, pictures, strict=True)),
    }
    pattern = [kind for kind, share in MIX.items() for _ in range(round(share * 4))]
    rows["mixed"] = [rows[pattern[n // 2 % len(pattern)]][n] for n in range(count)]
    return rows


def taken_apart(
    rows: Sequence[Row],
    encode_texts: Callable[[list[str]], Any],
    encode_pictures: Callable[[list[Image.Image]], Any],
) -> Any:
    """Vectors [N, D] of a list, by one call for its texts and one for its pictures.

    A row that has both gets the mean of its two unit vectors: the peers know no other fusion.
    """
    import numpy as np

    with_text = [n for n, (text, _) in enumerate(rows) if text]
    pictured = [(n, picture) for n, (_, picture) in enumerate(rows) if picture is not None]
    parts = []
    if with_text:
        parts.append((with_text, encode_texts([rows[n][0] for n in with_text])))
    if pictured:
        parts.append(([n for n, _ in pictured], encode_pictures([p for _, p in pictured])))
    vectors = np.zeros((len(rows), parts[0][1].shape[1]), dtype=np.float32)
    for places, part in parts:
        vectors[places] += part
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
