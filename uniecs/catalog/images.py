"""Pictures from untrusted catalogs and requests: decoded within limits, or refused with a code."""

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from uniecs.errors import ImageError

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP")

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)

# Once, not around each call: warnings.catch_warnings is not safe in threads. The pixel cap below
# is stricter than Pillow's warning, and remarks about odd EXIF help nobody who reads a catalog.
warnings.filterwarnings("ignore", module=r"PIL\.")


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """Caps that are checked before any pixel is decoded.

    Attributes:
        max_bytes: Encoded size, bytes.
        max_pixels: Width times height from the header.
        draft_side: JPEGs are decoded at the smallest scale (1/1, 1/2, 1/4, 1/8) whose sides are at
            least this, px; the result is a little softer than a full decode that is then reduced.
    """

    max_bytes: int = 10_000_000
    max_pixels: int = 40_000_000
    draft_side: int | None = None


def decode_image(source: bytes | Path, limits: ImageLimits | None = None) -> Image.Image:
    """Decode one JPEG, PNG or WEBP (first frame) to RGB, upright, transparency on white.

    Raises:
        ImageError: With a code: missing, too_many_bytes, format, too_many_pixels, truncated or
            unreadable. Nothing that a file contains raises anything else.

    Example:
        >>> decode_image(b"hello")
        Traceback (most recent call last):
        ...
        uniecs.errors.ImageError: 5 bytes: not a JPEG, PNG or WEBP picture; convert it or remove it.
    """
    limits = limits or ImageLimits()
    name = source.as_posix() if isinstance(source, Path) else f"{len(source)} bytes"
    return _decode(read_image(source, limits), name, limits)


def read_image(source: bytes | Path, limits: ImageLimits | None = None) -> bytes:
    """Encoded bytes of a picture, never more than the cap; the pixels are not looked at.

    Raises:
        ImageError: With a code: missing or too_many_bytes.
    """
    limits = limits or ImageLimits()
    if isinstance(source, bytes):
        data, name = source, "picture"
    else:
        name = source.as_posix()
        try:
            if not source.is_file():  # a pipe or device would block or never end
                raise FileNotFoundError("no such file")
            with source.open("rb") as stream:
                data = stream.read(limits.max_bytes + 1)
        except (OSError, ValueError) as error:  # ValueError: a name that no file can have
            raise ImageError(
                f"{name!a}: no such picture ({error}); add it or remove its path.", code="missing"
            ) from error
    if len(data) > limits.max_bytes:
        raise ImageError(
            f"{name}: more than the cap of {limits.max_bytes} bytes; store a smaller file.",
            code="too_many_bytes",
        )
    return data


def _decode(data: bytes, name: str, limits: ImageLimits) -> Image.Image:
    if not data:
        raise _damaged(name, "truncated", "empty file")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
        if width * height > limits.max_pixels:
            raise _too_many_pixels(name, f"{width}x{height} px", limits)
        if limits.draft_side and image.format == "JPEG":
            image.draft("RGB", (limits.draft_side, limits.draft_side))
        image.load()
        return _upright_on_white(image)
    except ImageError:
        raise
    except _BOMBS as error:
        raise _too_many_pixels(name, "the picture", limits) from error
    except UnidentifiedImageError as error:
        if data.startswith(_MAGIC):  # the right kind, cut off or damaged in its header
            raise _damaged(name, "unreadable", "damaged header") from error
        raise ImageError(
            f"{name}: not a JPEG, PNG or WEBP picture; convert it or remove it.", code="format"
        ) from error
    except Exception as error:  # a hostile file may raise anything inside a decoder
        code = "truncated" if "truncated" in str(error).lower() else "unreadable"
        raise _damaged(name, code, str(error) or type(error).__name__) from error


def _too_many_pixels(name: str, size: str, limits: ImageLimits) -> ImageError:
    return ImageError(
        f"{name}: {size} is over the cap of {limits.max_pixels} pixels; store a smaller picture.",
        code="too_many_pixels",
    )


def _damaged(name: str, code: str, why: str) -> ImageError:
    return ImageError(f"{name}: {code} picture ({why}); replace it.", code=code)


def _upright_on_white(image: Image.Image) -> Image.Image:
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion would clip at 255
        image = image.point(lambda value: value / 257).convert("L")
    elif image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGB", image.size, (255, 255, 255))
        white.paste(image, mask=image.getchannel("A"))
        return white
    return image.convert("RGB")


def resolve_image(root: Path, relative: str) -> Path:
    """Path of a catalog's picture; a path or link that leaves the catalog folder is refused.

    Raises:
        ImageError: Code ``missing``, for an absolute path, one with ``..`` or a link out of the
            folder, or a name that no file can have.
    """
    try:
        base = root.resolve()
        path = (base / relative).resolve()
        inside = path.is_relative_to(base)
    except (OSError, ValueError, RuntimeError) as error:  # NUL, lone surrogate, loop of links
        raise ImageError(f"{relative!a}: not a usable path ({error}).", code="missing") from error
    if not inside:
        raise ImageError(
            f"{relative!a}: outside the catalog folder; put the picture inside it.", code="missing"
        )
    return path
