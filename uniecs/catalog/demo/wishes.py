"""Attribute queries: a few words about what is wanted, judged by the facts."""

import numpy as np
from pydantic import BaseModel, ConfigDict

from uniecs.catalog.demo.facts import Listing, Presentation
from uniecs.catalog.demo.phrases import MATERIAL_NAMES
from uniecs.catalog.demo.queries import DemoQuery
from uniecs.catalog.demo.randomness import pick, random_for
from uniecs.catalog.demo.shop import interleaved, sound
from uniecs.catalog.demo.vocabulary import PATTERNS

_MOST_RIGHT = 40
_SHARES = {"colour": 0.7, "brand": 0.4, "material": 0.35, "pattern": 0.35, "max_price": 0.3}
_ROUND_PRICES = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300)


class Wish(BaseModel):
    """What an attribute query asks for; None is "does not matter".

    Example:
        >>> Wish(type="mug", colour="red", max_price=20).constraints
        {'colour': 'red', 'max_price': 20}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    colour: str | None = None
    brand: str | None = None
    material: str | None = None
    pattern: str | None = None
    max_price: int | None = None

    @property
    def constraints(self) -> dict[str, str | int]:
        """What is asked for besides the type."""
        named = {name: getattr(self, name) for name in _SHARES}
        return {name: value for name, value in named.items() if value is not None}

    def relevance(self, listing: Listing) -> int:
        """2 when all is as wished, 1 when one of at least two constraints is not, else 0.

        Brand and material of a listing without text are unknown, hence not as wished.
        """
        design = listing.variant.design
        if design.type.name != self.type:
            return 0
        holds = {
            "colour": listing.variant.colour.name == self.colour,
            "brand": listing.has_text and design.brand.name == self.brand,
            "material": listing.has_text and design.material == self.material,
            "pattern": design.pattern == self.pattern,
            "max_price": self.max_price is not None and listing.price < self.max_price,
        }
        failed = sum(not holds[name] for name in self.constraints)
        if failed == 0:
            return 2
        return 1 if failed == 1 and len(self.constraints) > 1 else 0


def attribute_queries(seed: int, listings: list[Listing], count: int) -> list[DemoQuery]:
    """Short texts such as ``striped red mug under 20``."""
    rng = random_for(seed, "attribute queries")
    known = sound(listings)
    full = [listing for listing in known if listing.presentation is Presentation.FULL]
    queries: list[DemoQuery] = []
    seen: set[str] = set()
    for source in interleaved(rng, full, lambda one: one.variant.design.split):
        wish = _wish_for(rng, source)
        text = _say(rng, wish, source)
        judged = {one.product_id: wish.relevance(one) for one in known}
        right = sum(gain == 2 for gain in judged.values())
        if text in seen or right > _MOST_RIGHT:
            continue
        seen.add(text)
        row = {
            "query_id": f"attr{len(queries):04d}", "type": "attribute", "text": text,
            "constraints": {"type": wish.type, **wish.constraints},
            "source_product_id": source.product_id, "lang": "en", "derived": True,
            "n_rel2": right,
        }  # fmt: skip
        queries.append(DemoQuery(row, {key: gain for key, gain in judged.items() if gain}))
        if len(queries) == count:
            break
    return queries


def _wish_for(rng: np.random.Generator, source: Listing) -> Wish:
    """Some of what the source is, at least one thing besides its type."""
    design = source.variant.design
    facts: dict[str, str | int | None] = {
        "colour": source.variant.colour.name,
        "brand": design.brand.name,
        "material": design.material,
        "pattern": design.pattern,
        "max_price": next((price for price in _ROUND_PRICES if price > source.price), None),
    }
    asked = [name for name, share in _SHARES.items() if rng.random() < share and facts[name]]
    if not asked or asked == ["max_price"]:
        asked = ["colour", *asked]
    return Wish.model_validate({"type": design.type.name} | {name: facts[name] for name in asked})


def _say(rng: np.random.Generator, wish: Wish, source: Listing) -> str:
    """The wish in words, in one of a few orders."""
    before = [pick(rng, PATTERNS[wish.pattern])] if wish.pattern else []
    before += [wish.colour] if wish.colour else []
    before += [MATERIAL_NAMES.get(wish.material, wish.material)] if wish.material else []
    noun = pick(rng, source.variant.design.type.nouns)
    words = [*before, noun]
    if wish.brand:
        words = [*words, "by", wish.brand] if rng.random() < 0.4 else [wish.brand, *words]
    if wish.max_price:
        words += [pick(rng, ("under", "below")), str(wish.max_price)]
    return " ".join(words)
