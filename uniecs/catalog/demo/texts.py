"""Titles, descriptions and attributes of listings: what a seller writes, and leaves out."""

import json
import re
from dataclasses import replace

import numpy as np

from uniecs.catalog.demo import phrases
from uniecs.catalog.demo.facts import Design, Listing
from uniecs.catalog.demo.randomness import pick, random_for
from uniecs.catalog.demo.vocabulary import PATTERNS
from uniecs.catalog.schema import normalise_text

_TITLE_SHARES = {
    "brand": 0.8, "model": 0.7, "colour": 0.9, "material": 0.55, "pattern": 0.35, "emblem": 0.5,
    "size": 0.6, "noun": 1.0,
}  # fmt: skip
"""How often a title names a fact that its form has a place for."""


def write_title(seed: int, listing: Listing) -> str:
    """A title; the two listings of a variant never have the same words."""
    rng = random_for(seed, "title", listing.row)
    words = _words(rng, listing)
    kept = {
        name: words[name] if rng.random() < share else "" for name, share in _TITLE_SHARES.items()
    }
    title = _tidy(pick(rng, phrases.TITLES[listing.number]).format(**kept))
    if listing.number == 0:
        return title
    original = write_title(seed, _first_of(listing))
    if normalise_text(title) == normalise_text(original):
        title = _tidy(f"{title} ({words['size']})")
    return title


def write_description(seed: int, listing: Listing) -> str:
    """Two to four sentences: always a use and one thing to see, at times more."""
    rng = random_for(seed, "description", listing.row)
    words = _words(rng, listing)
    design = listing.variant.design
    shown = _visible_sentences(rng, design)
    more = [pick(rng, phrases.CARE[design.material]), pick(rng, phrases.FACT_SENTENCES)]
    if rng.random() < 0.5:
        more.insert(0, pick(rng, phrases.PATTERN_SENTENCES))
    extra = [more[index] for index in rng.permutation(len(more))[: int(rng.integers(0, 3))]]
    sentences = [pick(rng, phrases.OPENERS), *shown[: 2 if rng.random() < 0.7 else 1], *extra]
    return " ".join(_sentence(sentence.format(**words)) for sentence in sentences[:4])


def attributes_of(listing: Listing) -> dict[str, str]:
    """Attributes; two listings of one variant differ in the seller only."""
    design = listing.variant.design
    name, number = design.model.split()
    return {
        "color": listing.variant.colour.name.capitalize(),
        "material": _material(design).capitalize(),
        "model_number": f"{name[:2].upper()}-{number}",
        "seller": listing.seller,
        "size": design.size,
    }


def attributes_json(listing: Listing) -> str:
    """Attributes as the catalog's JSON string."""
    return json.dumps(attributes_of(listing), sort_keys=True)


def _visible_sentences(rng: np.random.Generator, design: Design) -> list[str]:
    """Sentences about what a picture shows too, the most telling first."""
    first = phrases.EMBLEM_SENTENCES if design.emblem else phrases.PLAIN_SENTENCES
    others = [pick(rng, phrases.FORM_SENTENCES)]
    if design.bands:
        others.append(pick(rng, phrases.BAND_SENTENCES[design.bands]))
    return [pick(rng, first), pick(rng, others)]


def _words(rng: np.random.Generator, listing: Listing) -> dict[str, str]:
    design = listing.variant.design
    return {
        "brand": design.brand.name,
        "model": design.model,
        "colour": listing.variant.colour.name,
        "material": _material(design),
        "pattern": pick(rng, PATTERNS[design.pattern]),
        "emblem": design.emblem or "",
        "accent": design.accent.name,
        "form": design.type.forms[design.form],
        "size": design.size,
        "noun": pick(rng, design.type.nouns),
        "use": pick(rng, design.type.uses),
        "praise": pick(rng, phrases.PRAISE),
    }


def _material(design: Design) -> str:
    return phrases.MATERIAL_NAMES.get(design.material, design.material)


def _first_of(listing: Listing) -> Listing:
    return replace(listing, number=0, row=listing.row - 1)


def _tidy(title: str) -> str:
    """Close the gaps that left-out facts leave, and capitalise."""
    title = re.sub(r"\s+", " ", title)
    title = re.sub(r"(\s*[,|:-]\s*)+(?=[,|:-])|\b(in|by|from)\s+(?=[,|:-]|$)", "", title + " ")
    title = re.sub(r"\s+([,:])", r"\1", title).strip(" ,|:-")
    return _sentence(" ".join(title.split()))


def _sentence(text: str) -> str:
    text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
    return text[:1].upper() + text[1:]
