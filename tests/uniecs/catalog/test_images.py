"""Any bytes either become an upright RGB picture or one ImageError with a code."""

import io
import os
import resource
import struct
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from uniecs.catalog.images import ImageLimits, decode_image, resolve_image
from uniecs.errors import ImageError

pytestmark = pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")

CODES = {"missing", "too_many_bytes", "format", "too_many_pixels", "truncated", "unreadable"}


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds almost nothing."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    body = chunk(b"IDAT", zlib.compress(b"\0" * 100))
    return b"\x89PNG\r\n\x1a\n" + header + body + chunk(b"IEND", b"")


def noise(width: int = 40, height: int = 30) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def code_of(source: bytes | Path, limits: ImageLimits | None = None) -> str:
    with pytest.raises(ImageError) as caught:
        decode_image(source, limits)
    return caught.value.code


def outcome_of(data: bytes) -> str:
    try:
        return decode_image(data).mode
    except ImageError as error:
        return error.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_three_formats_decode_to_rgb(kind: str) -> None:
    image = decode_image(encoded(noise(), kind))

    assert (image.mode, image.size) == ("RGB", (40, 30))


def test_a_picture_of_400_million_pixels_is_refused_without_decoding_it() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert code_of(png_header(20_000, 20_000)) == "too_many_pixels"

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 50_000 * (1024 if sys.platform == "darwin" else 1)


@pytest.mark.parametrize("side", [6_325, 10_000, 14_000, 65_000, 2**31 - 1])
def test_every_size_over_the_cap_has_one_code(side: int) -> None:
    assert code_of(png_header(side, side)) == "too_many_pixels"


def test_a_real_bomb_of_one_colour_is_refused(bomb: bytes) -> None:
    assert len(bomb) < 100_000
    assert code_of(bomb) == "too_many_pixels"


def test_a_truncated_jpeg_is_refused_wherever_it_ends() -> None:
    whole = encoded(noise(200, 200), "JPEG")

    assert code_of(whole[: len(whole) // 2]) == "truncated"
    assert {code_of(whole[:length]) for length in range(3, 600, 7)} <= {"truncated", "unreadable"}


def test_text_named_jpg_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "shoe.jpg"
    path.write_text("this is a text")

    assert code_of(path) == "format"


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_refused(kind: str) -> None:
    assert code_of(encoded(noise(32, 32), kind)) == "format"


def test_a_file_over_the_byte_cap_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as stream:
        stream.truncate(10**12)  # sparse

    assert code_of(path) == "too_many_bytes"
    assert code_of(b"x" * 101, ImageLimits(max_bytes=100)) == "too_many_bytes"


def test_what_is_no_regular_file_is_missing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert code_of(tmp_path) == "missing"
    assert code_of(tmp_path / "none.jpg") == "missing"
    assert code_of(tmp_path / "pipe") == "missing"
    assert code_of(tmp_path / "nul\0.jpg") == "missing"
    assert code_of(tmp_path / ("x" * 300)) == "missing"


def test_cmyk_keeps_its_colours() -> None:
    image = decode_image(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))

    red, green, blue = np.asarray(image)[4, 4].tolist()
    assert red > 240 > 20 > max(green, blue)


def test_16_bit_grey_keeps_its_range() -> None:
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16).reshape(16, 16)

    decoded = np.asarray(decode_image(encoded(Image.fromarray(ramp), "PNG")))[..., 0]

    assert np.abs(decoded.astype(int) - np.round(ramp / 257)).max() <= 1


def test_16_bit_grey_with_a_transparent_value_keeps_its_range() -> None:
    ramp = Image.fromarray(np.full((4, 4), 32_896, np.uint16))

    decoded = np.asarray(decode_image(encoded(ramp, "PNG", transparency=0)))

    assert abs(int(decoded[0, 0, 0]) - 128) <= 1


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_counts(kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)

    assert decode_image(data).getpixel((8, 8)) == (255, 0, 0)


def test_one_pixel_is_a_picture() -> None:
    assert decode_image(encoded(Image.new("RGB", (1, 1), "red"), "PNG")).size == (1, 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    lying = Image.new("RGB", (40, 20), "white")

    image = decode_image(encoded(lying, "JPEG", exif=exif))

    assert image.size == ((40, 20) if orientation < 5 else (20, 40))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_becomes_white(mode: str) -> None:
    assert decode_image(encoded(Image.new(mode, (4, 4)), "PNG")).getpixel((0, 0)) == (255,) * 3


def test_half_transparent_black_becomes_middle_grey() -> None:
    image = decode_image(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 128)), "PNG"))

    assert image.getpixel((0, 0)) == (127, 127, 127)


def test_a_transparent_palette_colour_becomes_white() -> None:
    palette = Image.new("RGB", (4, 4), "red").quantize(4)

    image = decode_image(encoded(palette, "PNG", transparency=palette.getpixel((0, 0))))

    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_a_draft_is_never_smaller_than_asked() -> None:
    data = encoded(noise(800, 500), "JPEG")

    draft = decode_image(data, ImageLimits(draft_side=128))

    assert draft.size == (400, 250)  # a quarter would be 200x125
    assert decode_image(data, ImageLimits(draft_side=600)).size == (800, 500)


@given(st.binary(max_size=300))
@example(b"")
@settings(max_examples=100, deadline=None)
def test_any_bytes_raise_nothing_but_image_error(data: bytes) -> None:
    assert code_of(data) in CODES


SEEDS = [encoded(noise(), kind) for kind in ("JPEG", "PNG", "WEBP")]


@given(st.sampled_from(SEEDS), st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_pictures_raise_nothing_but_image_error(seed: bytes, data: st.DataObject) -> None:
    damaged = bytearray(seed)
    for at in data.draw(st.lists(st.integers(0, len(seed) - 1), min_size=1, max_size=12)):
        damaged[at] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(seed)))]
    assert outcome_of(bytes(damaged)) in CODES | {"RGB"}


def test_threads_decode_at_once_without_disturbing_warnings() -> None:
    import warnings

    before = list(warnings.filters)
    sources = [encoded(noise(), "PNG"), b"no picture", png_header(12_000, 9_000)] * 30
    threads = [threading.Thread(target=_try_all, args=(sources,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert warnings.filters == before


def _try_all(sources: list[bytes]) -> None:
    for source in sources:
        try:
            decode_image(source)
        except ImageError:
            continue


def test_paths_that_leave_the_catalog_are_refused(tmp_path: Path) -> None:
    inside = tmp_path / "shop"
    inside.mkdir()
    (tmp_path / "secret.jpg").write_bytes(SEEDS[0])
    (inside / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (inside / "loop").symlink_to("loop")
    names = ["../secret.jpg", "/etc/passwd", "link.jpg", "a\0b", "\udc80\0", "x/../../secret.jpg"]

    for name in names:
        with pytest.raises(ImageError) as caught:
            resolve_image(inside, name)
        assert caught.value.code == "missing"

    assert resolve_image(inside, "a/../b.jpg") == (inside / "b.jpg").resolve()


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_any_path_resolves_inside_or_is_refused(relative: str) -> None:
    root = Path.cwd()
    try:
        path = resolve_image(root, relative)
    except ImageError:
        return
    assert path.is_relative_to(root.resolve())
