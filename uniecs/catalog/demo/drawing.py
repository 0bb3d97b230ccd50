"""Drawing one picture of a product: parts, pattern, material, emblem, light, background."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from uniecs.catalog.demo.backgrounds import paint_background
from uniecs.catalog.demo.emblems import EMBLEM_OUTLINES, GLYPH_OUTLINES
from uniecs.catalog.demo.outlines import Floats, box, ellipse
from uniecs.catalog.demo.patterns import PATTERN_WEIGHTS, Grid
from uniecs.catalog.demo.shapes import Part, Role, Shape
from uniecs.catalog.demo.shapes_home import HOME_SHAPES
from uniecs.catalog.demo.shapes_travel import TRAVEL_SHAPES
from uniecs.catalog.demo.shapes_wear import WEAR_SHAPES
from uniecs.catalog.demo.surfaces import SURFACES, Surface, brightness, highlight, weave
from uniecs.catalog.demo.views import SIDE, project, projection
from uniecs.catalog.demo.vocabulary import CHARCOAL, CREAM, Rgb

SHAPES = HOME_SHAPES | WEAR_SHAPES | TRAVEL_SHAPES
_FIXED: dict[Role, Rgb] = {
    "pale": (238, 236, 230),
    "dark": (44, 44, 50),
    "metal": (186, 190, 196),
    "wood": (178, 130, 82),
}
_PLAIN = Surface(gloss=0.2)
_MARGIN = 2


@dataclass(frozen=True, slots=True)
class Look:
    """Everything about a variant that a picture shows.

    Attributes:
        type: Name of the product type.
        form: One of its forms.
        material: Key of ``SURFACES``.
        main: Colour of the body.
        second: Second colour of the pattern.
        accent: Colour of accents, bands and emblem.
        pattern: ``solid`` or a key of ``PATTERN_WEIGHTS``.
        scale: Fineness of the pattern; 1 is usual.
        emblem: Key of ``EMBLEM_OUTLINES``, or None.
        bands: Number of accent bands on the body.
        glyph: Brand mark, or None where the product shows none.
    """

    type: str
    form: str
    material: str
    main: Rgb
    second: Rgb
    accent: Rgb
    pattern: str
    scale: float
    emblem: str | None
    bands: int
    glyph: str | None


def draw_picture(look: Look, view: str, rng: np.random.Generator) -> Image.Image:
    """Draw one picture, RGB, ``SIDE`` px square.

    Args:
        look: What the product looks like.
        view: One of ``views.VIEWS_OF_A_PRODUCT``.
        rng: Decides background, clutter, light and the exact camera position.

    Example:
        >>> look = Look("mug", "round", "ceramic", (200, 30, 30), (255, 255, 255), (20, 20, 90),
        ...             "striped", 1.0, "star", 0, None)
        >>> draw_picture(look, "front", np.random.default_rng(1)).size
        (256, 256)
    """
    shape = SHAPES[look.type](look.form)
    canvas = _Canvas(shape, projection(view, shape.side, rng), rng)
    canvas.cast_shadow()
    for part in shape.parts:
        canvas.paint(part, look)
    _decorate(canvas, look)
    return canvas.develop()


def _decorate(canvas: "_Canvas", look: Look) -> None:
    shape = canvas.shape
    first, step = shape.bands
    for number in range(look.bands):
        y = first + number * step
        canvas.stamp(box(-1.1, y - 0.032, 1.1, y + 0.032), look.accent)
    if look.emblem:
        x, y, radius = shape.emblem
        if look.pattern != "solid" or _near(look.accent, look.main):
            badge = CHARCOAL if _luminance(look.accent) > 150 else CREAM
            canvas.stamp(ellipse((x, y), (radius * 1.32, radius * 1.32)), badge)
        for outline in EMBLEM_OUTLINES[look.emblem]():
            canvas.stamp(outline * radius + np.array([x, y]), look.accent)
    if look.glyph:
        x, y, radius = shape.mark
        ink = CHARCOAL if _luminance(look.main) > 130 else CREAM
        for outline in GLYPH_OUTLINES[look.glyph]():
            canvas.stamp(outline * radius + np.array([x, y]), ink)


def _luminance(colour: Rgb) -> float:
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


def _near(one: Rgb, other: Rgb) -> bool:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) < 150


class _Canvas:
    """The picture while it is painted.

    Attributes:
        shape: What is being painted.
        pixels: [SIDE, SIDE, 3] in 0..255.
        body: Where the body is visible, 0..1, [SIDE, SIDE].
    """

    def __init__(self, shape: Shape, matrix: Floats, rng: np.random.Generator) -> None:
        self.shape = shape
        self._matrix = matrix
        self._rng = rng
        self._folds = float(rng.uniform(0, 6.28))
        self._noise = rng.standard_normal((SIDE, SIDE), dtype=np.float32)
        self.pixels = paint_background(rng)
        self.body = np.zeros((SIDE, SIDE), dtype=np.float32)
        self._u, self._v = _object_grid(matrix)

    def cast_shadow(self) -> None:
        """Darken the background below and right of the object."""
        small = SIDE // 2
        mask = Image.new("L", (small, small))
        draw = ImageDraw.Draw(mask)
        offset = np.array([5.0, 8.0])
        for part in self.shape.parts:
            points = (project(self._matrix, part.outline) + offset) / 2
            draw.polygon([(float(x), float(y)) for x, y in points], fill=110)
        soft = mask.filter(ImageFilter.BoxBlur(5)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        self.pixels *= (1 - np.asarray(soft, dtype=np.float32) / 255)[..., None]

    def paint(self, part: Part, look: Look) -> None:
        """Paint one part in its colour, pattern, material and light."""
        found = self._mask(part.outline)
        if found is None:
            return
        rows, columns, mask = found
        surface = _surface_of(part, look)
        u, v = self._u[rows, columns], self._v[rows, columns]
        colour = self._colour(part, look, u, v)
        low, high = part.outline.min(axis=0), part.outline.max(axis=0)
        size = np.maximum(high - low, 1e-6)
        own_u = (u - float(low[0])) / float(size[0])
        own_v = (v - float(low[1])) / float(size[1])
        light = brightness(own_u, own_v, part.light, folds=self._folds)
        if surface.depth:
            fine = weave(u, v, self._noise[rows, columns], surface.weave)
            light = light + (surface.depth * 0.5) * fine
        painted = colour * light[..., None]
        if surface.gloss and part.light != "soft":
            shine = (surface.gloss * 0.75) * highlight(own_u, own_v, part.light)
            painted += (255 - painted) * shine[..., None]
        self._blend(rows, columns, mask * surface.opacity, painted)
        seen = self.body[rows, columns]
        self.body[rows, columns] = (
            np.maximum(seen, mask) if part.role == "body" else seen * (1 - mask)
        )

    def stamp(self, outline: Floats, colour: Rgb) -> None:
        """Print a flat outline onto the visible body."""
        found = self._mask(outline)
        if found is None:
            return
        rows, columns, mask = found
        ink = np.array(colour, dtype=np.float32)[None, None]
        self._blend(rows, columns, mask * self.body[rows, columns], ink)

    def develop(self) -> Image.Image:
        """The finished picture: exposure, colour of the light and sensor noise."""
        light = self._rng.uniform(0.94, 1.05)
        warmth = self._rng.uniform(-0.025, 0.025)
        pixels = self.pixels
        pixels *= np.array([light * (1 + warmth), light, light * (1 - warmth)], dtype=np.float32)
        pixels += (self._noise * 1.6)[::-1, :, None]
        return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))

    def _blend(self, rows: slice, columns: slice, mask: Grid, colour: Grid) -> None:
        under = self.pixels[rows, columns]
        under += (colour - under) * mask[..., None]

    def _mask(self, outline: Floats) -> tuple[slice, slice, Grid] | None:
        """Where an outline is, antialiased, within the smallest box; None outside the picture."""
        points = project(self._matrix, outline)
        low = np.maximum(np.floor(points.min(axis=0)).astype(int) - _MARGIN, 0)
        high = np.minimum(np.ceil(points.max(axis=0)).astype(int) + _MARGIN, SIDE)
        if (high <= low).any():
            return None
        width, height = (int(n) for n in high - low)
        mask = Image.new("L", (2 * width, 2 * height))
        twice = (points - low) * 2
        ImageDraw.Draw(mask).polygon([(float(x), float(y)) for x, y in twice], fill=255)
        coverage = np.asarray(mask.reduce(2), dtype=np.float32) / 255
        return slice(low[1], high[1]), slice(low[0], high[0]), coverage

    def _colour(self, part: Part, look: Look, u: Grid, v: Grid) -> npt.NDArray[np.float32]:
        """Colour of the points of a part before light, [height, width, 3]."""
        main = np.array(look.main, dtype=np.float32)
        flat = {
            "shade": main * 0.84,
            "inner": main * 0.45,
            "accent": np.array(look.accent, dtype=np.float32),
        }
        if part.role == "body":
            tint, share = SURFACES[look.material].tint
            main = main * (1 - share) + np.array(tint, dtype=np.float32) * share
            if look.pattern == "solid":
                return main[None, None]
            second = np.array(look.second, dtype=np.float32)
            weight = PATTERN_WEIGHTS[look.pattern](u, v, look.scale)[..., None]
            return np.asarray(main + (second - main) * weight, dtype=np.float32)
        colour = flat.get(part.role)
        if colour is None:
            colour = np.array(_FIXED[part.role], dtype=np.float32)
        return np.asarray(colour[None, None], dtype=np.float32)


def _object_grid(matrix: Floats) -> tuple[Grid, Grid]:
    """X and y in object space of every pixel centre, [SIDE, SIDE] each."""
    inverse = np.linalg.inv(matrix).astype(np.float32)
    along = np.arange(SIDE, dtype=np.float32) + 0.5
    x, y = along[None, :], along[:, None]
    weight = inverse[2, 0] * x + inverse[2, 1] * y + inverse[2, 2]
    u: Grid = (inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2]) / weight
    v: Grid = (inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2]) / weight
    return u, v


def _surface_of(part: Part, look: Look) -> Surface:
    if part.role == "wood":
        return SURFACES["oak"]
    if part.role in ("body", "shade"):
        return SURFACES[look.material]
    return SURFACES["steel"] if part.role == "metal" else _PLAIN
