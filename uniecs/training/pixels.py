"""Pictures of a run: decoded once into one memory-mapped file, then changed a little per use."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from uniecs.catalog.images import ImageLimits, decode_image, resolve_image
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import ImageError

DECODERS = 4


class PixelStore:
    """Pictures of a catalog as the processor sees them, [N, 3, H, W] uint8 on disk.

    The file is named by the pictures' contents and the processor's size, so that runs over the
    same pictures share it, whatever their catalogs are called.

    Args:
        folder: Where such files are kept.
        root: The catalog folder.
        digests: Path relative to ``root`` -> sha256 of its bytes. A picture that cannot be decoded
            is absent.
        progress: Told of every picture that is decoded.
    """

    def __init__(
        self,
        folder: Path,
        root: Path,
        digests: Mapping[str, str],
        processor: UniECSProcessor,
        *,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._root = root
        self._processor = processor
        self._limits = ImageLimits(draft_side=max(processor.image_size))
        paths = {digest: path for path, digest in sorted(digests.items()) if digest}
        resample = int(processor.image_processor.resample)
        size = [*processor.image_size, resample]
        key = sha256(json.dumps([sorted(paths), size]).encode()).hexdigest()[:32]
        shape = (len(paths), 3, *processor.image_size)
        self.folder = folder / key
        if not (self.folder / "rows.json").is_file():
            self._fill(self.folder, paths, shape, progress)
        rows: dict[str, int] = json.loads((self.folder / "rows.json").read_text())
        self._row = {path: rows[digest] for path, digest in digests.items() if digest in rows}
        self._pixels: npt.NDArray[np.uint8] = (
            np.load(self.folder / "pixels.npy", mmap_mode="r")
            if len(paths)
            else np.zeros(shape, dtype=np.uint8)
        )

    def __contains__(self, path: str) -> bool:
        return path in self._row

    def take(self, paths: list[str]) -> Tensor:
        """[N, 3, H, W] uint8."""
        return torch.from_numpy(self._pixels[[self._row[path] for path in paths]])

    def _fill(
        self,
        folder: Path,
        paths: dict[str, str],
        shape: tuple[int, ...],
        progress: Callable[[int], None] | None,
    ) -> None:
        partial = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        rows = {}
        if paths:
            out = np.lib.format.open_memmap(partial / "pixels.npy", "w+", np.uint8, shape)
            with ThreadPoolExecutor(DECODERS) as pool:
                decoded = pool.map(self._decode, paths.values())
                for row, (digest, pixels) in enumerate(zip(paths, decoded, strict=True)):
                    if pixels is not None:
                        rows[digest] = row
                        out[row] = pixels
                    if progress:
                        progress(1)
            out.flush()
        (partial / "rows.json").write_text(json.dumps(rows))
        try:
            partial.rename(folder)
        except OSError:  # another run over the same pictures was faster
            shutil.rmtree(partial)

    def _decode(self, path: str) -> npt.NDArray[np.uint8] | None:
        try:
            picture = decode_image(resolve_image(self._root, path), self._limits)
        except ImageError:
            return None
        return self._processor.pixels(picture)


NOISE = 7
"""Random numbers per picture that ``augment`` uses."""


def augment(pixels: Tensor, strong: Tensor, noise: Tensor) -> Tensor:
    """Crop, flip and re-light each picture: a little, or as much as a copy (``strong``).

    Args:
        pixels: [N, 3, H, W] uint8, on the device that does it.
        strong: [N] bool: the picture stands for a cropped, re-lit, re-encoded copy of itself.
        noise: [N, NOISE] uniform in [0, 1).

    Returns:
        [N, 3, H, W] uint8.
    """
    count = len(pixels)
    if not count:
        return pixels
    device = pixels.device
    strong = strong.to(device)
    crop, flip, right, down, *lights = noise.to(device).unbind(dim=1)
    side = torch.where(strong, 0.80 + 0.20 * crop, 0.92 + 0.08 * crop)
    shift = 1 - side
    theta = torch.zeros(count, 2, 3, device=device)
    theta[:, 0, 0] = side * torch.where(flip < 0.5, 1.0, -1.0)
    theta[:, 1, 1] = side
    theta[:, 0, 2] = shift * (2 * right - 1)
    theta[:, 1, 2] = shift * (2 * down - 1)
    grid = F.affine_grid(theta, list(pixels.shape), align_corners=False)
    moved = F.grid_sample(
        pixels.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    spread = torch.where(strong, 0.2, 0.08)
    light, contrast, colour = (1 + spread * (2 * drawn - 1) for drawn in lights)
    return _relight(moved, light, contrast, colour)


def _relight(pixels: Tensor, light: Tensor, contrast: Tensor, colour: Tensor) -> Tensor:
    """Brightness, then saturation, then contrast around the mean, as one colour matrix."""
    grey = pixels.new_full((3, 3), 1 / 3)
    whole = torch.eye(3, device=pixels.device)
    matrix = torch.lerp(grey, whole, colour[:, None, None]) * light[:, None, None]
    mean = torch.einsum("nkc,nc->nk", matrix, pixels.mean(dim=(2, 3))).mean(dim=1)
    shift = mean * (1 - contrast)
    count, _, height, width = pixels.shape
    mixed = torch.bmm(matrix * contrast[:, None, None], pixels.reshape(count, 3, -1))
    lit = mixed.add_(shift[:, None, None]).clamp_(0, 255)
    return lit.to(torch.uint8).view(count, 3, height, width)
