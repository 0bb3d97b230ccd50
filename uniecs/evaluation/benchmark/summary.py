"""The figures of a build, as ``--json`` prints them and the card shows them."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from uniecs.evaluation.benchmark.unimodal import Accuracies


class Rows(BaseModel):
    """Rows of the catalog: how many were read, could be used, and stand in a pair."""

    model_config = ConfigDict(frozen=True)

    read: int
    usable: int
    in_pairs: int
    left_out: dict[str, int]


class Balanced(BaseModel):
    """The modality-balanced subset: rows, listings in it, and what one modality alone can tell."""

    model_config = ConfigDict(frozen=True)

    rows: int
    listings: int
    accuracy: Accuracies | None


class BenchmarkSummary(BaseModel):
    """What a build made.

    Attributes:
        folder: Where it lies.
        rows: Rows of the catalog.
        candidates: Pairs proposed, by source.
        removed: Pairs refused, by reason.
        models: Attributes that name the model in this catalog, and so tell items apart.
        floors: Text and picture cosine that weaker pairs had to reach, if there were any.
        pairs: Pairs kept, by source.
        splits: Pairs kept, by split.
        categories: Pairs kept, by category.
        balanced: The balanced subset.
        leaks_found: Held-out listings of the catalog that share something with train, by kind.
        leaks_left: The same for the held-out listings of the benchmark: all zero.
        catalog_digest: sha256 of the source catalog's file, 12 digits.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path
    rows: Rows
    candidates: dict[str, int]
    removed: dict[str, int]
    models: list[str]
    floors: tuple[float, float] | None
    pairs: dict[str, int]
    splits: dict[str, int]
    categories: dict[str, int]
    balanced: Balanced
    leaks_found: dict[str, int]
    leaks_left: dict[str, int]
    catalog_digest: str
