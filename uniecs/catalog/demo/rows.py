"""Rows of ``catalog.parquet`` and of ``facts.jsonl``, the truth behind them."""

from dataclasses import asdict
from typing import Any

from uniecs.catalog.demo.defects import damage_row
from uniecs.catalog.demo.facts import Listing
from uniecs.catalog.demo.looks import look_of
from uniecs.catalog.demo.texts import attributes_json, write_description, write_title


def catalog_row(seed: int, listing: Listing) -> dict[str, Any]:
    """The row as the catalog holds it, defects included.

    A listing without text has a picture, a price and nothing else to read.
    """
    design = listing.variant.design
    told = listing.has_text
    row = {
        "product_id": listing.product_id,
        "group_id": design.group_id,
        "title": write_title(seed, listing) if told else "",
        "description": write_description(seed, listing) if told else "",
        "category": design.type.category if told else "",
        "brand": design.brand.name if told else None,
        "price": listing.price,
        "currency": "USD",
        "attributes": attributes_json(listing) if told else "{}",
        "image_paths": list(listing.image_paths),
        "lang": "en",
        "split": design.split,
        "source": "uniecs:demo",
        "license": "Apache-2.0",
    }
    return damage_row(row, listing.defect)


def facts_row(listing: Listing) -> dict[str, Any]:
    """What is true about a row, whether or not its text or picture tells it."""
    variant, design = listing.variant, listing.variant.design
    look = asdict(look_of(variant))
    return {
        "row": listing.row,
        "product_id": listing.product_id,
        "variant": variant.key,
        "type": design.type.name,
        "colour": variant.colour.name,
        "shade": variant.colour.shades[variant.shade][0],
        "accent": design.accent.name,
        "brand": design.brand.name,
        "model": design.model,
        "size": design.size,
        "presentation": listing.presentation.value,
        "views": list(listing.views),
        "defect": listing.defect,
        **{name: look[name] for name in ("material", "form", "pattern", "emblem", "bands")},
    }
