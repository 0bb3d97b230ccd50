"""Pairs with a direction: the rows of ``pairs.parquet``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from uniecs.evaluation.benchmark.candidates import Candidate, Source
from uniecs.evaluation.benchmark.choosing import draw
from uniecs.evaluation.benchmark.fingerprints import Picture
from uniecs.evaluation.benchmark.groups import Groups
from uniecs.evaluation.benchmark.listings import Listing

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, eq=False)
class BenchmarkPair:
    """A trigger listing, the listing to recall, and the group of both.

    Attributes:
        shown: The trigger's picture: another view of it where both sides are one listing.
    """

    trigger: Listing
    recall: Listing
    shown: Picture
    made_by: Source
    group: str

    @property
    def sides(self) -> tuple[Listing, Listing]:
        """Trigger and recall."""
        return self.trigger, self.recall

    def row(self) -> dict[str, str]:
        """The row of ``pairs.parquet``.

        The trigger shows its title, the recall its full text, without the title where both sides
        are one listing.
        """
        trigger, recall = self.trigger.product, self.recall.product
        alone = self.trigger is self.recall
        return {
            "pair_id": f"{trigger.product_id}>{recall.product_id}",
            "split": self.trigger.split,
            "made_by": self.made_by,
            "trigger_product_id": trigger.product_id,
            "trigger_text": trigger.title.strip(),
            "trigger_image": image_name(self.shown),
            "recall_product_id": recall.product_id,
            "recall_text": recall.details if alone else recall.full_text,
            "recall_image": image_name(self.recall.picture),
            "group": self.group,
            "category": trigger.category,
            "source": both_names(trigger.source, recall.source),
            "license": both_names(trigger.license, recall.license),
        }


def orient(candidates: Sequence[Candidate], groups: Groups, seed: int) -> list[BenchmarkPair]:
    """Give every pair a direction, drawn from the seed."""
    pairs = []
    for candidate in candidates:
        trigger, recall = candidate.one, candidate.other
        if int(draw(seed, candidate)[-1], 16) % 2:
            trigger, recall = recall, trigger
        shown = candidate.pictures[0] if candidate.alone else trigger.picture
        group = groups.of(trigger.product.group)
        pairs.append(BenchmarkPair(trigger, recall, shown, candidate.made_by, group))
    return pairs


def listings_of(pairs: Sequence[BenchmarkPair]) -> list[Listing]:
    """Every listing that stands in a pair, once, by id."""
    known = {side.id: side for pair in pairs for side in pair.sides}
    return [known[product_id] for product_id in sorted(known)]


def image_name(picture: Picture) -> str:
    """Path of a picture in the benchmark: named by its content, so equal pictures are one file."""
    suffix = PurePosixPath(picture.path).suffix.lower()
    return f"images/{picture.digest[:20]}{suffix}"


def both_names(one: str | None, other: str | None) -> str:
    """Licences or sources of two products: one name where they agree."""
    return " + ".join(dict.fromkeys((one or UNKNOWN, other or UNKNOWN)))
