"""Pictures of a run: decoded once into one memory-mapped file, then changed a little per use."""

import json
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from uniecs.catalog.images import ImageLimits, decode_image, resolve_image
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import ImageError

DECODERS = 4


class PixelStore:
    """Pictures of a catalog as the processor sees them, [N, 3, H, W] uint8 on disk.

    Args:
        folder: Where the file is kept; a finished one of the same pictures is used again.
        root: The catalog folder.
        paths: Pictures relative to ``root``; one that cannot be decoded is absent.
    """

    def __init__(
        self,
        folder: Path,
        root: Path,
        paths: Sequence[str],
        processor: UniECSProcessor,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._root = root
        self._processor = processor
        self._limits = ImageLimits(draft_side=max(processor.image_size))
        shape = (len(paths), 3, *processor.image_size)
        names = json.dumps({"paths": list(paths), "shape": shape})
        if not _holds(folder, names):
            self._fill(folder, list(paths), shape, names, progress)
        rows = json.loads((folder / "rows.json").read_text())
        self.row: dict[str, int] = {path: row for path, row in rows.items() if row >= 0}
        self._pixels: npt.NDArray[np.uint8] = (
            np.load(folder / "pixels.npy", mmap_mode="r")
            if len(paths)
            else np.zeros(shape, dtype=np.uint8)
        )

    def __contains__(self, path: str) -> bool:
        return path in self.row

    def take(self, paths: Sequence[str]) -> Tensor:
        """[N, 3, H, W] uint8."""
        return torch.from_numpy(self._pixels[[self.row[path] for path in paths]])

    def _fill(
        self,
        folder: Path,
        paths: list[str],
        shape: tuple[int, ...],
        names: str,
        progress: Callable[[int], None] | None,
    ) -> None:
        partial = folder.with_name(folder.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        rows = {}
        if paths:
            out = np.lib.format.open_memmap(partial / "pixels.npy", "w+", np.uint8, shape)
            with ThreadPoolExecutor(DECODERS) as pool:
                for row, pixels in enumerate(pool.map(self._decode, paths)):
                    rows[paths[row]] = row if pixels is not None else -1
                    if pixels is not None:
                        out[row] = pixels
                    if progress:
                        progress(1)
            out.flush()
        (partial / "rows.json").write_text(json.dumps(rows))
        (partial / "names.json").write_text(names)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)

    def _decode(self, path: str) -> npt.NDArray[np.uint8] | None:
        try:
            picture = decode_image(resolve_image(self._root, path), self._limits)
        except ImageError:
            return None
        return self._processor.pixels(picture)


def _holds(folder: Path, names: str) -> bool:
    path = folder / "names.json"
    return path.is_file() and path.read_text() == names


def augment(pixels: Tensor, strong: Tensor, generator: Generator) -> Tensor:
    """Crop, flip and re-light each picture: a little, or as much as a copy (``strong``).

    Args:
        pixels: [N, 3, H, W] uint8.
        strong: [N] bool: the picture stands for a cropped, re-lit, re-encoded copy of itself.
        generator: Source of randomness, on the CPU.

    Returns:
        [N, 3, H, W] uint8.
    """
    count = len(pixels)
    if not count:
        return pixels

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, generator=generator)

    side = torch.where(strong, between(0.80, 1.0), between(0.92, 1.0))
    shift = 1 - side
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = side * torch.where(between(0, 1) < 0.5, 1.0, -1.0)
    theta[:, 1, 1] = side
    theta[:, 0, 2] = shift * between(-1, 1)
    theta[:, 1, 2] = shift * between(-1, 1)
    grid = F.affine_grid(theta, list(pixels.shape), align_corners=False)
    moved = F.grid_sample(
        pixels.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    spread = torch.where(strong, torch.tensor(0.2), torch.tensor(0.08))
    light, contrast, colour = (1 + spread * between(-1, 1) for _ in range(3))
    return _relight(moved, light, contrast, colour)


def _relight(pixels: Tensor, light: Tensor, contrast: Tensor, colour: Tensor) -> Tensor:
    """Brightness, then saturation, then contrast around the mean, as one colour matrix."""
    grey = torch.full((3, 3), 1 / 3)
    matrix = torch.lerp(grey, torch.eye(3), colour[:, None, None]) * light[:, None, None]
    mean = torch.einsum("nkc,nc->nk", matrix, pixels.mean(dim=(2, 3))).mean(dim=1)
    shift = mean * (1 - contrast)
    count, _, height, width = pixels.shape
    mixed = torch.bmm(matrix * contrast[:, None, None], pixels.reshape(count, 3, -1))
    lit = mixed.add_(shift[:, None, None]).clamp_(0, 255)
    return lit.to(torch.uint8).view(count, 3, height, width)
