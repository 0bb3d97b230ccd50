"""Rows of ``pairs.parquet`` and of the benchmark's own ``catalog.parquet``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from uniecs.evaluation.benchmark.candidates import Candidate, Source
from uniecs.evaluation.benchmark.choosing import draw
from uniecs.evaluation.benchmark.listings import Listing

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class BenchmarkPair:
    """A trigger listing, the listing to recall, and the group of both."""

    trigger: Listing
    recall: Listing
    made_by: Source
    group: str

    @property
    def sides(self) -> tuple[Listing, Listing]:
        """Trigger and recall."""
        return self.trigger, self.recall

    def row(self) -> dict[str, str]:
        """The row of ``pairs.parquet``; the trigger shows its title, the recall its full text."""
        trigger, recall = self.trigger.product, self.recall.product
        return {
            "pair_id": f"{trigger.product_id}>{recall.product_id}",
            "split": self.trigger.split,
            "made_by": self.made_by,
            "trigger_product_id": trigger.product_id,
            "trigger_text": trigger.title.strip(),
            "trigger_image": image_name(self.trigger),
            "recall_product_id": recall.product_id,
            "recall_text": recall.full_text,
            "recall_image": image_name(self.recall),
            "group": self.group,
            "category": trigger.category,
            "source": _both(trigger.source, recall.source),
            "license": _both(trigger.license, recall.license),
        }


def orient(candidates: Sequence[Candidate], seed: int) -> list[BenchmarkPair]:
    """Give every pair a direction, drawn from the seed, and a group."""
    group = _groups(candidates)
    pairs = []
    for candidate in candidates:
        trigger, recall = candidate.one, candidate.other
        if int(draw(seed, candidate)[-1], 16) % 2:
            trigger, recall = recall, trigger
        pairs.append(BenchmarkPair(trigger, recall, candidate.made_by, group[trigger.id]))
    return pairs


def listings_of(pairs: Sequence[BenchmarkPair]) -> list[Listing]:
    """Every listing that stands in a pair, once, by id."""
    known = {side.id: side for pair in pairs for side in pair.sides}
    return [known[product_id] for product_id in sorted(known)]


def catalog_row(listing: Listing, group: str) -> dict[str, Any]:
    """The listing as the benchmark's catalog holds it: one picture, and the group of its pairs."""
    product = listing.product
    attributes = json.dumps(product.attributes, ensure_ascii=False, sort_keys=True)
    return product.model_dump() | {
        "group_id": group,
        "attributes": attributes,
        "image_paths": [image_name(listing)],
        "split": listing.split,
        "source": product.source or UNKNOWN,
        "license": product.license or UNKNOWN,
    }


def image_name(listing: Listing) -> str:
    """Path of a picture in the benchmark: named by its content, so equal pictures are one file."""
    suffix = PurePosixPath(listing.picture.path).suffix.lower()
    return f"images/{listing.picture.digest[:20]}{suffix}"


def group_names(pairs: Sequence[BenchmarkPair]) -> Mapping[str, str]:
    """product_id -> group of every listing in a pair."""
    return {side.id: pair.group for pair in pairs for side in pair.sides}


def _groups(candidates: Sequence[Candidate]) -> dict[str, str]:
    """product_id -> name of its group: groups of the catalog that pairs join become one."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for candidate in candidates:
        names = root(candidate.one.product.group), root(candidate.other.product.group)
        parent[max(names)] = min(names)
    sides = [side for candidate in candidates for side in (candidate.one, candidate.other)]
    return {side.id: root(side.product.group) for side in sides}


def _both(one: str | None, other: str | None) -> str:
    return " + ".join(dict.fromkeys((one or UNKNOWN, other or UNKNOWN)))
