"""What is behind a product: a studio or a room, with out-of-focus clutter."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from uniecs.catalog.demo.views import SIDE
from uniecs.catalog.demo.vocabulary import Rgb

_DRAWN = 96  # px: drawn small and enlarged, which is also what puts the clutter out of focus

_WALLS: tuple[Rgb, ...] = (
    (244, 242, 238), (232, 236, 240), (240, 232, 222), (226, 234, 228), (236, 228, 236),
    (222, 226, 232), (248, 244, 230), (214, 218, 214),
)  # fmt: skip
_FLOORS: tuple[Rgb, ...] = (
    (214, 196, 172), (196, 176, 150), (226, 220, 212), (204, 208, 212), (184, 168, 152),
    (220, 210, 190),
)  # fmt: skip
_THINGS: tuple[Rgb, ...] = (
    (170, 186, 170), (196, 176, 168), (172, 180, 196), (206, 196, 168), (150, 160, 150),
    (198, 188, 200), (178, 160, 140),
)  # fmt: skip


def paint_background(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A background, [SIDE, SIDE, 3] in 0..255.

    Four in ten are a plain studio sweep; the others are a table before a wall with up to four
    blurred things on it.
    """
    wall = _WALLS[rng.integers(len(_WALLS))]
    image = Image.new("RGB", (_DRAWN, _DRAWN), wall)
    if rng.random() < 0.6:
        draw = ImageDraw.Draw(image)
        floor = _FLOORS[rng.integers(len(_FLOORS))]
        horizon = int(_DRAWN * rng.uniform(0.6, 0.78))
        for _ in range(int(rng.integers(0, 5))):
            _paint_thing(draw, rng, horizon)
        draw.rectangle((0, horizon, _DRAWN, _DRAWN), fill=floor)
        image = image.filter(ImageFilter.BoxBlur(1.6))
    large = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    pixels = np.asarray(large, dtype=np.float32)
    fall = np.linspace(1.03, rng.uniform(0.86, 0.97), SIDE, dtype=np.float32)
    return pixels * fall[:, None, None]


def _paint_thing(draw: ImageDraw.ImageDraw, rng: np.random.Generator, horizon: int) -> None:
    """One thing near the left or right edge: a block, a disc, a plant or a picture frame."""
    colour = _THINGS[rng.integers(len(_THINGS))]
    x = float(rng.choice([rng.uniform(0, 22), rng.uniform(_DRAWN - 22, _DRAWN)]))
    size = rng.uniform(8, 18)
    kind = rng.integers(4)
    if kind == 0:
        draw.rectangle((x - size / 2, horizon - size * 1.5, x + size / 2, horizon), fill=colour)
    elif kind == 1:
        draw.ellipse((x - size, horizon - 2 * size, x + size, horizon), fill=colour)
    elif kind == 2:
        for angle in rng.uniform(-1.1, 1.1, size=5):
            tip = (x + 1.9 * size * np.sin(angle), horizon - 1.9 * size * np.cos(angle))
            draw.line(((x, horizon), tip), fill=(140, 166, 132), width=4)
    else:
        top = rng.uniform(6, 22)
        draw.rectangle((x - size, top, x + size, top + 1.6 * size), outline=colour, width=3)
