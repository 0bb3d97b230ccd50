"""The product types of the demo catalog: category, nouns, forms, materials, sizes, prices."""

from dataclasses import dataclass

FABRIC = ("cotton", "linen", "wool")
BAG = ("canvas", "nylon", "leather")


@dataclass(frozen=True, slots=True)
class ProductType:
    """One product type.

    Attributes:
        name: Identifier; drawing finds the shape by it.
        category: Three levels, ``A > B > C``.
        nouns: Words for one such thing; the first is the usual one.
        forms: Form -> how a description says it; drawing shows it.
        materials: What it is made of; shading shows it.
        sizes: Sizes that only the text tells.
        price: Usual price in USD.
        uses: Halves of sentences about what it is for.
    """

    name: str
    category: str
    nouns: tuple[str, ...]
    forms: dict[str, str]
    materials: tuple[str, ...]
    sizes: tuple[str, ...]
    price: float
    uses: tuple[str, ...]

    @property
    def department(self) -> str:
        """First level of the category."""
        return self.category.split(" > ", 1)[0]


CLOTHING_SIZES = ("XS to L", "S to XL", "M to XXL")

HOME: tuple[ProductType, ...] = (
    ProductType(
        "mug", "Home > Kitchen > Mugs", ("mug", "coffee mug", "cup"),
        {"round": "a round handle", "square": "a square handle", "footed": "a narrow foot"},
        ("ceramic", "stoneware", "steel"), ("250 ml", "330 ml", "400 ml"), 16,
        ("slow mornings and long coffees", "tea at the desk", "hot chocolate by the window"),
    ),
    ProductType(
        "teapot", "Home > Kitchen > Teapots", ("teapot", "tea pot"),
        {"curved": "a curved side handle", "overhead": "an overhead handle", "tall": "a tall body"},
        ("ceramic", "stoneware", "steel"), ("0.6 litres", "1 litre", "1.4 litres"), 38,
        ("an afternoon with guests", "loose leaf tea", "a pot shared by two"),
    ),
    ProductType(
        "bottle", "Home > Kitchen > Water Bottles", ("water bottle", "bottle", "drinking bottle"),
        {"screw": "a screw cap", "loop": "a carrying loop on the cap", "straw": "a straw lid"},
        ("steel", "plastic", "glass"), ("500 ml", "750 ml", "1 litre"), 24,
        ("the gym and the trail", "the way to work", "keeping drinks cold all day"),
    ),
    ProductType(
        "vase", "Home > Decor > Vases", ("vase", "flower vase"),
        {"belly": "a round belly", "neck": "a long slim neck", "straight": "straight sides"},
        ("ceramic", "glass", "stoneware"), ("18 cm high", "24 cm high", "32 cm high"), 34,
        ("a single stem or a full bunch", "the hallway table", "dried grasses"),
    ),
    ProductType(
        "cushion", "Home > Decor > Cushions", ("cushion", "throw pillow", "sofa cushion"),
        {"piped": "piped edges", "tassel": "tassels on the corners", "circle": "a round outline"},
        ("cotton", "linen", "velvet"), ("40 x 40 cm", "45 x 45 cm", "50 x 50 cm"), 28,
        ("a tired sofa", "the reading corner", "naps on the window seat"),
    ),
    ProductType(
        "clock", "Home > Decor > Wall Clocks", ("wall clock", "clock"),
        {"disc": "a round case", "tile": "a square case", "hexagon": "a six-sided case"},
        ("plastic", "oak", "steel"), ("25 cm wide", "30 cm wide", "40 cm wide"), 42,
        ("the kitchen wall", "a quiet office", "the hallway"),
    ),
    ProductType(
        "lamp", "Home > Lighting > Table Lamps", ("table lamp", "lamp", "desk lamp"),
        {"cone": "a cone shade", "drum": "a drum shade", "dome": "a dome shade"},
        ("linen", "paper", "steel"), ("35 cm high", "45 cm high", "55 cm high"), 64,
        ("the bedside table", "evenings with a book", "a warm corner of the room"),
    ),
    ProductType(
        "chair", "Home > Furniture > Chairs", ("chair", "dining chair", "side chair"),
        {"solid-back": "a closed back", "slat-back": "a slatted back", "arm": "two armrests"},
        ("oak", "plastic", "velvet"), ("seat height 44 cm", "seat height 46 cm"), 120,
        ("the dining table", "a small home office", "one more guest at dinner"),
    ),
)  # fmt: skip

WEAR: tuple[ProductType, ...] = (
    ProductType(
        "shirt", "Clothing > Tops > T-Shirts", ("t-shirt", "tee", "tee shirt"),
        {"crew": "a crew neck", "v-neck": "a v-neck", "pocket": "a chest pocket"},
        FABRIC, CLOTHING_SIZES, 26,
        ("warm days and easy weekends", "layering", "every day of the week"),
    ),
    ProductType(
        "dress", "Clothing > Dresses > Day Dresses", ("dress", "summer dress", "day dress"),
        {"sleeveless": "no sleeves", "sleeved": "short sleeves", "belted": "a belt at the waist"},
        FABRIC, CLOTHING_SIZES, 68,
        ("garden parties", "city strolls", "dinner outside"),
    ),
    ProductType(
        "scarf", "Clothing > Accessories > Scarves", ("scarf", "winter scarf", "wrap scarf"),
        {"fringed": "fringed ends", "plain-end": "plain ends", "pompom": "pompoms at the ends"},
        ("wool", "cotton", "linen"), ("160 cm long", "180 cm long", "200 cm long"), 32,
        ("frosty walks", "windy platforms", "the first cold morning"),
    ),
    ProductType(
        "beanie", "Clothing > Accessories > Beanies", ("beanie", "knit hat", "winter hat"),
        {"cuffed": "a turned-up cuff", "bobble": "a bobble on top", "slouchy": "a slouchy crown"},
        ("wool", "cotton", "fleece"), ("one size", "S/M", "L/XL"), 22,
        ("snow days", "early runs", "cold ears"),
    ),
    ProductType(
        "cap", "Clothing > Accessories > Caps", ("cap", "baseball cap", "sports cap"),
        {"curved": "a curved brim", "flat": "a flat brim", "mesh": "a pale front panel"},
        ("cotton", "nylon", "linen"), ("one size", "S/M", "L/XL"), 24,
        ("sunny days", "the tennis court", "a day on the water"),
    ),
    ProductType(
        "watch", "Clothing > Accessories > Watches", ("watch", "wristwatch"),
        {"round": "a round dial", "square": "a square dial", "octagon": "an eight-sided dial"},
        ("leather", "nylon", "steel"), ("36 mm case", "40 mm case", "42 mm case"), 140,
        ("the office and after", "people who are never late", "everyday wear"),
    ),
    ProductType(
        "sneaker", "Clothing > Footwear > Sneakers", ("sneaker", "trainer", "running shoe"),
        {"low": "a low cut", "high-top": "a high top", "strap": "two hook-and-loop straps"},
        BAG, ("EU 36 to 41", "EU 38 to 44", "EU 40 to 46"), 85,
        ("long days on your feet", "the way to school", "short runs"),
    ),
)  # fmt: skip

TRAVEL: tuple[ProductType, ...] = (
    ProductType(
        "backpack", "Travel > Bags > Backpacks", ("backpack", "rucksack", "daypack"),
        {"pocket": "a front pocket", "flap": "a flap with two buckles", "roll-top": "a roll top"},
        BAG, ("16 litres", "22 litres", "30 litres"), 78,
        ("day hikes", "the commute", "a weekend away"),
    ),
    ProductType(
        "tote", "Travel > Bags > Tote Bags", ("tote bag", "tote", "shopper"),
        {"short": "short handles", "long": "long shoulder straps", "base": "a contrast base"},
        ("canvas", "cotton", "leather"), ("10 litres", "15 litres", "20 litres"), 35,
        ("the market", "books and a laptop", "a day at the beach"),
    ),
    ProductType(
        "umbrella", "Travel > Accessories > Umbrellas", ("umbrella", "rain umbrella"),
        {"crook": "a crook handle", "knob": "a straight handle", "pointed": "pointed edges"},
        ("nylon", "cotton", "canvas"), ("95 cm wide", "105 cm wide", "120 cm wide"), 36,
        ("sudden showers", "grey afternoons", "two people in the rain"),
    ),
)  # fmt: skip

TYPES: tuple[ProductType, ...] = HOME + WEAR + TRAVEL
"""All eighteen product types."""
