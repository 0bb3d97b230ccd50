"""Words and colours that demo products are made of: colours, patterns, emblems, brands, sellers."""

from dataclasses import dataclass

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour family, which texts name, and its exact shades, which only pictures show.

    Attributes:
        name: The family, as titles and queries say it.
        shades: Names and sRGB values of the exact shades.
    """

    name: str
    shades: tuple[tuple[str, Rgb], ...]


COLOURS: tuple[Colour, ...] = (
    Colour("red", (("poppy", (214, 40, 40)), ("crimson", (176, 20, 48)), ("coral", (226, 72, 62)))),
    Colour(
        "orange",
        (("tangerine", (242, 133, 0)), ("apricot", (248, 156, 66)), ("pumpkin", (224, 108, 18))),
    ),
    Colour(
        "yellow",
        (("lemon", (250, 221, 60)), ("mustard", (222, 176, 36)), ("corn", (246, 206, 94))),
    ),
    Colour("green", (("grass", (60, 150, 66)), ("forest", (30, 98, 56)), ("lime", (136, 186, 52)))),
    Colour(
        "teal", (("lagoon", (16, 150, 150)), ("petrol", (10, 104, 116)), ("mint", (94, 196, 178)))
    ),
    Colour("blue", (("cobalt", (34, 84, 196)), ("sky", (92, 160, 230)), ("navy", (28, 48, 118)))),
    Colour(
        "purple",
        (("violet", (124, 64, 176)), ("plum", (92, 40, 110)), ("lavender", (164, 130, 214))),
    ),
    Colour(
        "pink", (("rose", (240, 130, 166)), ("fuchsia", (224, 58, 138)), ("blush", (246, 180, 196)))
    ),
    Colour(
        "brown", (("chestnut", (122, 72, 40)), ("cocoa", (88, 54, 36)), ("caramel", (168, 110, 62)))
    ),
    Colour(
        "grey", (("ash", (150, 154, 158)), ("slate", (104, 110, 118)), ("fog", (182, 184, 186)))
    ),
    Colour("black", (("coal", (36, 36, 40)), ("ink", (24, 26, 36)), ("soot", (50, 46, 46)))),
    Colour(
        "white", (("chalk", (246, 246, 244)), ("ivory", (244, 238, 222)), ("snow", (238, 242, 248)))
    ),
)
"""Twelve families of three shades each."""

PATTERNS: dict[str, tuple[str, ...]] = {
    "solid": ("plain", "solid"),
    "striped": ("striped", "stripy"),
    "pinstriped": ("pinstriped", "pinstripe"),
    "diagonal": ("diagonally striped", "diagonal stripe"),
    "dotted": ("dotted", "polka dot"),
    "checked": ("checked", "check"),
    "zigzag": ("zigzag", "chevron"),
    "floral": ("floral", "flowered"),
    "colour-block": ("two-tone", "colour-block"),
    "ombre": ("ombre", "gradient"),
}
"""Pattern -> the words that texts may use for it."""

EMBLEMS: tuple[str, ...] = (
    "star", "heart", "moon", "leaf", "lightning bolt", "drop", "sun", "diamond", "crown", "flower",
    "fish", "pine tree", "mountain",
)  # fmt: skip
"""Emblems that a design may carry in its accent colour."""

GLYPHS: tuple[str, ...] = (
    "disc", "ring", "triangle", "square", "two bars", "cross", "chevron", "half disc",
)  # fmt: skip
"""Logo marks of brands."""


@dataclass(frozen=True, slots=True)
class Brand:
    """A maker: the departments it sells in, how dear it is, and the mark on its products."""

    name: str
    departments: tuple[str, ...]
    tier: float
    glyph: str


def _brand(name: str, departments: str, tier: float, glyph: int) -> Brand:
    return Brand(name, tuple(departments.split()), tier, GLYPHS[glyph])


BRANDS: tuple[Brand, ...] = (
    _brand("Nordvik", "Home Clothing", 1.2, 0),
    _brand("Hearthby", "Home", 0.9, 1),
    _brand("Pell & Pine", "Home", 1.1, 2),
    _brand("Ostra Works", "Home", 1.4, 3),
    _brand("Lumbrel", "Home", 0.8, 4),
    _brand("Tarnholt", "Home", 1.0, 5),
    _brand("Mosswick", "Home", 0.7, 6),
    _brand("Calder Row", "Home Travel", 1.5, 7),
    _brand("Velsandra", "Clothing", 1.3, 2),
    _brand("Brindlow", "Clothing", 0.8, 1),
    _brand("Sorrel Lane", "Clothing", 1.0, 6),
    _brand("Arvikka", "Clothing Travel", 1.2, 5),
    _brand("Fennmore", "Clothing", 0.7, 3),
    _brand("Quillon", "Clothing", 1.6, 7),
    _brand("Trailmere", "Travel Clothing", 1.1, 4),
    _brand("Osterly", "Travel", 0.9, 0),
    _brand("Wayfold", "Travel", 1.3, 3),
    _brand("Kettlemoor", "Home Travel", 1.0, 2),
)
"""Invented makers."""

SELLERS: tuple[str, ...] = (
    "Harbour Street Store", "Bluebird Goods", "Corner & Co", "Maple Depot", "Firefly Market",
)  # fmt: skip
"""Invented shops; two of them may list the very same variant."""

CREAM: Rgb = (246, 240, 226)
CHARCOAL: Rgb = (52, 52, 58)


def colour_named(name: str) -> Colour:
    """The colour family of that name.

    Example:
        >>> colour_named("red").shades[1][0]
        'crimson'
    """
    return next(colour for colour in COLOURS if colour.name == name)
