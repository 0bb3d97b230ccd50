"""From the facts about a variant to what a picture of it shows."""

from uniecs.catalog.demo.drawing import Look
from uniecs.catalog.demo.facts import Variant
from uniecs.catalog.demo.vocabulary import CHARCOAL, CREAM, Rgb

_MIN_CONTRAST = 60.0


def look_of(variant: Variant) -> Look:
    """The look of a variant; all variants of a design share everything but the main colour."""
    design = variant.design
    accent = design.accent.shades[design.accent_shade][1]
    return Look(
        type=design.type.name,
        form=design.form,
        material=design.material,
        main=variant.rgb,
        second=_second_colour(variant.rgb, accent, plain=design.plain_second),
        accent=accent,
        pattern=design.pattern,
        scale=design.scale,
        emblem=design.emblem,
        bands=design.bands,
        glyph=design.brand.glyph if design.marked else None,
    )


def _second_colour(main: Rgb, accent: Rgb, *, plain: bool) -> Rgb:
    """Cream or charcoal, whichever the pattern shows on; the accent if asked and visible."""
    if not plain and _contrast(main, accent) > _MIN_CONTRAST:
        return accent
    return CREAM if _contrast(main, CREAM) > _contrast(main, CHARCOAL) * 0.6 else CHARCOAL


def _contrast(one: Rgb, other: Rgb) -> float:
    weights = (0.3, 0.59, 0.11)
    return abs(sum(w * (a - b) for w, a, b in zip(weights, one, other, strict=True)))
