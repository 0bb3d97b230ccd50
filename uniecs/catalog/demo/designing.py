"""Inventing designs: what a group of variants looks like, costs and is called."""

import numpy as np

from uniecs.catalog.demo.facts import Design, Variant
from uniecs.catalog.demo.randomness import pick, random_for
from uniecs.catalog.demo.taxonomy import TYPES, ProductType
from uniecs.catalog.demo.vocabulary import BRANDS, COLOURS, EMBLEMS, PATTERNS, Brand
from uniecs.catalog.schema import Product
from uniecs.catalog.splits import split_of

_STARTS = ("Al", "Bri", "Cor", "Del", "El", "Fa", "Gri", "Hal", "Is", "Jo", "Ka", "Lor", "Mi",
           "Nor", "Ol", "Per", "Ros", "Sil", "Tor", "Ul", "Ves", "Wil", "Yl", "Zan")  # fmt: skip
_ENDS = ("da", "ven", "mo", "ria", "ka", "lo", "nne", "sta", "via", "run", "do", "mira", "ton",
         "by", "sa", "fell")  # fmt: skip
_DEARER = {"steel": 1.25, "leather": 1.5, "oak": 1.3, "velvet": 1.3, "wool": 1.25, "glass": 1.1}
_SOLID_SHARE = 0.28
_EMBLEM_SHARE = 0.72


def invent_design(seed: int, number: int, *, split: str) -> Design:
    """The ``number``-th design of a catalog; product types take turns.

    Args:
        seed: Seed of the catalog.
        number: From 0.
        split: Wanted split: the group id is drawn again until its hash falls into it.
    """
    rng = random_for(seed, "design", number)
    kind = type_of(number)
    brand = pick(rng, [brand for brand in BRANDS if kind.department in brand.departments])
    material = pick(rng, kind.materials)
    patterned = [name for name in PATTERNS if name != "solid"]
    return Design(
        group_id=_group_id(seed, number, split),
        split=split,
        type=kind,
        brand=brand,
        model=f"{pick(rng, _STARTS)}{pick(rng, _ENDS)} {int(rng.integers(10, 100)) * 10}",
        form=pick(rng, list(kind.forms)),
        material=material,
        size=pick(rng, kind.sizes),
        pattern="solid" if rng.random() < _SOLID_SHARE else pick(rng, patterned),
        scale=float(pick(rng, (0.8, 1.0, 1.3))),
        plain_second=bool(rng.random() < 0.7),
        emblem=pick(rng, EMBLEMS) if rng.random() < _EMBLEM_SHARE else None,
        accent=pick(rng, COLOURS),
        accent_shade=int(rng.integers(3)),
        bands=int(rng.choice([0, 1, 2], p=[0.6, 0.2, 0.2])),
        marked=bool(rng.random() < 0.6),
        price=_price(rng, kind, brand, material),
    )


def type_of(number: int) -> ProductType:
    """Product type of the ``number``-th design."""
    return TYPES[number % len(TYPES)]


def colour_variants(seed: int, design: Design) -> list[Variant]:
    """One to four variants of a design, all of different colour families and not its accent."""
    rng = random_for(seed, "colours", design.group_id)
    families = [colour for colour in COLOURS if colour is not design.accent]
    count = int(rng.choice([1, 2, 3, 4], p=[0.25, 0.33, 0.28, 0.14]))
    chosen = rng.permutation(len(families))[:count]
    return [Variant(design, families[index], int(rng.integers(3))) for index in chosen]


def _price(rng: np.random.Generator, kind: ProductType, brand: Brand, material: str) -> float:
    raw = kind.price * brand.tier * _DEARER.get(material, 1.0) * rng.uniform(0.75, 1.35)
    return round(raw) - float(pick(rng, (0.01, 0.05, 0.5, 0.0)))


def _group_id(seed: int, number: int, split: str) -> str:
    rng = random_for(seed, "group", number)
    while True:
        group_id = f"g{number:04d}{int(rng.integers(16**4)):04x}"
        if split_of(Product(product_id="-", group_id=group_id, title="-")) == split:
            return group_id
