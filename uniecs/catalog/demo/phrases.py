"""Stock of words for titles and descriptions."""

MATERIAL_NAMES: dict[str, str] = {"steel": "stainless steel", "oak": "oak wood"}
"""Materials that texts call something else."""

CARE: dict[str, tuple[str, ...]] = {
    "ceramic": (
        "The glazed ceramic is safe in the dishwasher.",
        "Fired twice, it keeps its glaze for years.",
    ),
    "stoneware": (
        "Speckled stoneware, heavy in the hand and hard to chip.",
        "The stoneware may go into the oven.",
    ),
    "steel": (
        "Brushed stainless steel that does not rust.",
        "The steel wipes clean with a damp cloth.",
    ),
    "plastic": ("Sturdy plastic without plasticisers.", "The recycled plastic is light and tough."),
    "glass": (
        "Mouth-blown glass with a faint shimmer.",
        "The thick glass should be washed by hand.",
    ),
    "oak": (
        "Solid oak from managed forests, oiled by hand.",
        "The oak darkens a little with the years.",
    ),
    "paper": ("Washi paper spreads the light softly.", "Dust the paper with a soft brush."),
    "cotton": (
        "Soft combed cotton, washable at 40 degrees.",
        "The cotton is organic and gets softer with every wash.",
    ),
    "linen": ("Breathable linen with a visible weave.", "Pre-washed linen that needs no ironing."),
    "canvas": ("Heavy canvas that stands a lot.", "The waxed canvas shrugs off drizzle."),
    "wool": (
        "Warm merino wool that does not itch.",
        "Knitted from pure wool; wash it cold by hand.",
    ),
    "fleece": ("Fluffy fleece that dries quickly.", "The fleece is made from old bottles."),
    "velvet": ("Dense velvet that catches the light.", "Brush the velvet along its pile."),
    "nylon": ("Ripstop nylon keeps the rain out.", "Light nylon that packs small."),
    "leather": (
        "Vegetable-tanned leather with a fine grain.",
        "The leather wants some wax now and then.",
    ),
}
"""Material -> sentences about it."""

OPENERS: tuple[str, ...] = (
    "A {praise} {noun} for {use}.",
    "This {noun} is made for {use}.",
    "Made for {use}, a {noun} you will keep.",
    "For {use}: a {praise} {noun}.",
    "{brand} designed this {noun} with {use} in mind.",
    "A {colour} {noun} for {use}.",
    "Think of {use} and you have the idea behind this {colour} {noun}.",
)

PRAISE: tuple[str, ...] = (
    "dependable", "cheerful", "simple", "well-made", "lovely", "handy", "timeless", "playful",
)  # fmt: skip

FORM_SENTENCES: tuple[str, ...] = (
    "It has {form}.",
    "You will know it by {form}.",
    "The design features {form}.",
    "It comes with {form} and {accent} details.",
)

EMBLEM_SENTENCES: tuple[str, ...] = (
    "A {accent} {emblem} decorates the front.",
    "Look for the {emblem} in {accent}.",
    "It carries a {emblem} emblem, printed in {accent}.",
    "The {accent} {emblem} makes it easy to recognise.",
)

PLAIN_SENTENCES: tuple[str, ...] = (
    "There is no emblem on it, only {accent} accents.",
    "Details in {accent} set it apart.",
    "The trim is {accent}.",
)

BAND_SENTENCES: dict[int, tuple[str, ...]] = {
    1: ("One {accent} band runs across it.", "A single {accent} band sets it off."),
    2: ("Two {accent} bands run across it.", "A pair of {accent} bands sets it off."),
}

PATTERN_SENTENCES: tuple[str, ...] = (
    "The {pattern} finish goes with everything.",
    "A {pattern} design all over.",
    "Its {pattern} look never goes out of fashion.",
)

FACT_SENTENCES: tuple[str, ...] = (
    "Size: {size}.",
    "{size}, model {model}.",
    "The {model}: {size}.",
    "From the {model} series by {brand}, {size}.",
)

TITLES: tuple[tuple[str, ...], ...] = (
    (
        "{brand} {model} {pattern} {colour} {material} {noun}",
        "{brand} {noun} {model} {pattern} {colour}",
        "{colour} {pattern} {material} {noun} {model} {emblem}",
        "{brand} {colour} {emblem} {noun} {material}",
    ),
    (
        "{noun} | {colour} {material} | {brand}",
        "{material} {noun} by {brand}, {colour}, {size}",
        "{noun} in {colour} - {brand} {model}",
        "{pattern} {noun} from {brand}: {colour}",
    ),
)
"""Title forms of first and of second listings."""

CHANGES: tuple[str, ...] = (
    "in {colour}", "this in {colour}", "{colour} version of this", "the same one but {colour}",
    "same design, {colour} please", "do you have it in {colour}",
)  # fmt: skip
"""Wishes of composed queries."""
