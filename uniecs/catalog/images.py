"""Pictures from untrusted catalogs and requests: decoded within limits, or refused with a code."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from uniecs.errors import ImageError

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP")


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Caps that are checked before any pixel is decoded.

    Attributes:
        max_bytes: Encoded size, bytes.
        max_pixels: Width times height from the header.
        draft_side: JPEGs are decoded at the smallest scale whose sides are at least this, px.
    """

    max_bytes: int = 10_000_000
    max_pixels: int = 40_000_000
    draft_side: int | None = None


def decode_image(source: bytes | Path, limits: ImageLimits | None = None) -> Image.Image:
    """Decode one JPEG, PNG or WEBP (first frame) to RGB, upright, transparency on white.

    Raises:
        ImageError: With a code: missing, too_many_bytes, format, too_many_pixels, truncated or
            unreadable. Nothing that a file contains raises anything else.
    """
    limits = limits or ImageLimits()
    name = source.as_posix() if isinstance(source, Path) else f"{len(source)} bytes"
    data = _read(source, name, limits)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the pixel cap below is stricter than Pillow's warning
            image = Image.open(io.BytesIO(data), formats=FORMATS)
            width, height = image.size
            if width * height > limits.max_pixels or min(width, height) < 1:
                raise ImageError(
                    f"{name}: {width}x{height} px is over the cap of {limits.max_pixels} pixels; "
                    "store a smaller picture.",
                    code="too_many_pixels",
                )
            if limits.draft_side and image.format == "JPEG":
                image.draft("RGB", (limits.draft_side, limits.draft_side))
            image.load()
            return _upright_on_white(image)
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name}: not a JPEG, PNG or WEBP picture; convert it or remove it.", code="format"
        ) from error
    except ImageError:
        raise
    except Exception as error:  # a hostile file may raise anything inside a decoder
        code = "truncated" if "truncated" in str(error).lower() else "unreadable"
        raise ImageError(f"{name}: {code} picture ({error}); replace it.", code=code) from error


def _read(source: bytes | Path, name: str, limits: ImageLimits) -> bytes:
    if isinstance(source, Path):
        try:
            size = source.stat().st_size
            if not source.is_file():
                raise FileNotFoundError("not a regular file")
            data = source.read_bytes() if size <= limits.max_bytes else b""
        except OSError as error:
            raise ImageError(f"{name}: no such picture ({error}).", code="missing") from error
    else:
        data, size = source, len(source)
    if size > limits.max_bytes:
        raise ImageError(
            f"{name}: {size} bytes is over the cap of {limits.max_bytes}; store a smaller file.",
            code="too_many_bytes",
        )
    return data


def _upright_on_white(image: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(image)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        image = Image.alpha_composite(white, image)
    elif image.mode.startswith("I;16") or image.mode == "I":
        image = image.point(lambda value: value / 257).convert("L")
    return image.convert("RGB")


def resolve_image(root: Path, relative: str) -> Path:
    """Path of a catalog's picture; a path that leaves the catalog folder is refused.

    Raises:
        ImageError: Code ``missing``, for an absolute path or one with ``..`` out of the folder.
    """
    path = (root / relative).resolve()
    if "\0" in relative or not path.is_relative_to(root.resolve()):
        raise ImageError(f"{relative}: outside the catalog folder.", code="missing")
    return path
