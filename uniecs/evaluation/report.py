"""The report of an evaluation: what ``report.json`` holds, and the files around it.

A report folder holds ``report.json``, ``per_query.parquet`` (what two reports are compared by),
``report.html``, ``card.md`` (the evaluation's part of a model card) and ``digests.json`` (sha256 of
the first three; the card says nothing that ``report.json`` does not). The same inputs give the same
bytes.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from uniecs.catalog.digests import file_digest
from uniecs.errors import DataError
from uniecs.evaluation.calibration import GateCalibration
from uniecs.evaluation.degradation import Degradation
from uniecs.evaluation.leakage import Leakage
from uniecs.evaluation.loss_weights import LossWeights
from uniecs.evaluation.mixed_pool import MixedPool
from uniecs.evaluation.part import Fraction, Interval, Part
from uniecs.evaluation.pool_sizes import PoolSize
from uniecs.evaluation.slices import Slices
from uniecs.evaluation.unimodal import Unimodal

REPORT, PER_QUERY, PAGE, CARD, DIGESTS = (
    "report.json", "per_query.parquet", "report.html", "card.md", "digests.json",
)  # fmt: skip


class Scores(Part):
    """Retrieval metrics, fractions in 0..1, with 95 % intervals by metric name."""

    recall_1: Fraction = Field(alias="R@1")
    recall_5: Fraction = Field(alias="R@5")
    recall_10: Fraction = Field(alias="R@10")
    mrr_10: Fraction = Field(alias="MRR@10")
    ndcg_10: Fraction = Field(alias="nDCG@10")
    map_10: Fraction = Field(alias="mAP@10")
    ci95: dict[str, Interval]


class TaskScores(Scores):
    """One of the nine tasks.

    Attributes:
        queries: Queries that have a right answer in the pool.
        pool: Candidates.
        chance: Expected R@10 of a random ranking.
        unusable: Queries and candidates left out because their picture cannot be decoded.
    """

    queries: int
    pool: int
    chance: Fraction
    unusable: int


class QueryScores(Part):
    """One ranker on the queries of one type, in the whole catalog."""

    ndcg_10: Fraction = Field(alias="nDCG@10")
    hit_1: Fraction = Field(alias="hit@1")
    queries: int
    ci95: dict[str, Interval]


class RankerScores(QueryScores):
    """All queries, and beside them those whose source product is in the test split."""

    test_only: QueryScores | None = None


class SanityScores(Part):
    """A check that any trained encoder passes."""

    recall_10: Fraction = Field(alias="R@10")
    queries: int
    pool: int
    ci95: dict[str, Interval]


class Weights(Part):
    """Mean weights of the modalities where both are present."""

    image: Fraction
    text: Fraction


class EvaluationReport(Part):
    """What ``report.json`` holds.

    Attributes:
        model_version: Content id of the model folder.
        catalog_digest: Of the catalog file.
        split: Split whose pairs are queries and candidates.
        pool: ``split``, or ``catalog`` when all other listings are distractors.
        tasks: The nine tasks by name.
        macro: Means over tasks that have queries.
        queries: Query type -> ranker -> scores.
        pairs: Kind of pair -> share.
        sanity: Name of a check -> scores.
        gates: ``queries`` and ``candidates`` -> mean modality weights.
        bootstrap: Samples and seed behind the intervals.
        mixed_pool: Candidates as picture, text or both at random.
        degradation: What missing pictures and texts cost.
        pool_sizes: R@10 as the pool grows; the split's own pool first.
        slices: R@10 by kind of product, and by what the words say.
        unimodal: Tasks with both modalities on a side, beside each modality alone.
        calibration: Gate weights against what each modality finds alone.
        leakage: Titles and pictures that the split shares with train.
        training: Loss weights over the run that made the model, where its history is at hand.
    """

    model_version: str
    catalog_digest: str
    split: str
    pool: Literal["split", "catalog"]
    tasks: dict[str, TaskScores]
    macro: Scores
    queries: dict[str, dict[str, RankerScores]]
    pairs: dict[str, float]
    sanity: dict[str, SanityScores]
    gates: dict[str, Weights]
    bootstrap: dict[str, int]
    mixed_pool: MixedPool | None = None
    degradation: Degradation | None = None
    pool_sizes: list[PoolSize] | None = None
    slices: Slices | None = None
    unimodal: dict[str, Unimodal] | None = None
    calibration: GateCalibration | None = None
    leakage: Leakage | None = None
    training: LossWeights | None = None

    def to_json(self) -> str:
        """The text of ``report.json``; ``queries`` is left out when the catalog has none."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        if not self.queries:
            del content["queries"]
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_report(folder: Path) -> EvaluationReport:
    """Read ``report.json`` of a report folder.

    Raises:
        DataError: When it is missing or not a report of this version.
    """
    path = folder / REPORT
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        content.setdefault("queries", {})
        return EvaluationReport.model_validate(content)
    except OSError as error:
        raise DataError(
            f"{path}: no evaluation report ({error}); run `uniecs evaluate`."
        ) from error
    except (json.JSONDecodeError, ValidationError, AttributeError) as error:
        first = str(error).splitlines()[0]
        raise DataError(
            f"{path}: not an evaluation report ({first}); run `uniecs evaluate` again."
        ) from error


def write_digests(folder: Path) -> dict[str, str]:
    """Record sha256 of the report's files in ``digests.json``, written last."""
    digests = {name: file_digest(folder / name) for name in (REPORT, PER_QUERY, PAGE)}
    (folder / DIGESTS).write_text(json.dumps(digests, indent=2) + "\n", encoding="utf-8")
    return digests


def altered_files(folder: Path) -> dict[str, str]:
    """Files of a report that are not what ``digests.json`` says: name -> what is wrong."""
    try:
        recorded: Mapping[str, str] = json.loads((folder / DIGESTS).read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        return {DIGESTS: f"unreadable: {error}"}
    wrong = {}
    for name in (REPORT, PER_QUERY):
        path = folder / name
        if not path.is_file():
            wrong[name] = "missing"
        elif file_digest(path) != recorded.get(name):
            wrong[name] = "altered after the evaluation"
    return wrong


def report_digest(folder: Path) -> str:
    """sha256 of ``report.json``: what a registry records beside a model version."""
    return file_digest(folder / REPORT)
