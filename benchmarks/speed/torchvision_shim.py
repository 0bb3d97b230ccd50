"""Stands in for torchvision, which has no build that works beside this torch.

open_clip imports a handful of its transforms at module level. Those of its evaluation pipeline do
here what they do there, with the same Pillow and torch calls; the others refuse to be used.
"""

import sys
from collections.abc import Callable
from enum import Enum
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor


class InterpolationMode(Enum):
    """Names of Pillow's filters."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"


FILTERS = {
    InterpolationMode.NEAREST: Image.Resampling.NEAREST,
    InterpolationMode.BILINEAR: Image.Resampling.BILINEAR,
    InterpolationMode.BICUBIC: Image.Resampling.BICUBIC,
}


class Compose:
    """Apply one transform after the other."""

    def __init__(self, transforms: list[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, value: Any) -> Any:
        """Transform a picture."""
        for transform in self.transforms:
            value = transform(value)
        return value


class Resize:
    """Resize a Pillow picture so that its shorter side is ``size``, px."""

    def __init__(
        self, size: int, interpolation: InterpolationMode = InterpolationMode.BILINEAR
    ) -> None:
        self.size = size
        self.filter = FILTERS[interpolation]

    def __call__(self, picture: Image.Image) -> Image.Image:
        """Resize one picture."""
        width, height = picture.size
        scale = self.size / min(width, height)
        return picture.resize((round(width * scale), round(height * scale)), self.filter)


class CenterCrop:
    """Cut the middle square (or ``(height, width)``) out of a Pillow picture."""

    def __init__(self, size: int | tuple[int, int]) -> None:
        self.height, self.width = (size, size) if isinstance(size, int) else size

    def __call__(self, picture: Image.Image) -> Image.Image:
        """Crop one picture that is large enough."""
        left = round((picture.width - self.width) / 2)
        top = round((picture.height - self.height) / 2)
        return picture.crop((left, top, left + self.width, top + self.height))


class ToTensor:
    """Pillow RGB to float32 [3, H, W] in 0..1."""

    def __call__(self, picture: Image.Image) -> Tensor:
        """Convert one picture."""
        pixels = torch.from_numpy(np.array(picture, np.uint8, copy=True))
        return pixels.permute(2, 0, 1).contiguous().to(torch.float32).div(255)


class Normalize:
    """Subtract the mean and divide by the deviation, per channel."""

    def __init__(self, mean: list[float], std: list[float]) -> None:
        self.mean, self.std = (torch.tensor(values)[:, None, None] for values in (mean, std))

    def __call__(self, pixels: Tensor) -> Tensor:
        """Normalise [3, H, W]."""
        return pixels.clone().sub_(self.mean).div_(self.std)


class Unused:
    """A part of torchvision that a speed test has no use for."""

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        raise NotImplementedError("this stand-in for torchvision has evaluation transforms only")


def install() -> None:
    """Make ``import torchvision`` find this file in the current process."""
    names = ("", ".transforms", ".transforms.functional", ".ops", ".ops.misc")
    modules = {f"torchvision{name}": ModuleType(f"torchvision{name}") for name in names}
    for name, module in modules.items():
        module.__spec__ = ModuleSpec(name, loader=None)
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(modules[parent], child, module)
    transforms = modules["torchvision.transforms"]
    for part in (InterpolationMode, Compose, Resize, CenterCrop, ToTensor, Normalize):
        setattr(transforms, part.__name__, part)
    modules["torchvision.transforms.functional"].to_tensor = ToTensor()  # type: ignore[attr-defined]
    for name in ("RandomResizedCrop", "ColorJitter", "Grayscale"):
        setattr(transforms, name, Unused)
    modules["torchvision.ops.misc"].FrozenBatchNorm2d = Unused  # type: ignore[attr-defined]
    sys.modules |= modules
