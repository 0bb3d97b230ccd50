"""What every part of ``report.json`` is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]
Interval = tuple[float, float]


class Part(BaseModel):
    """A part of the report: frozen, and nothing in it that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def value(self, metric: str) -> float:
        """A metric by the name that reports show, such as ``nDCG@10``."""
        return float(self.model_dump(by_alias=True)[metric])


class Recall(Part):
    """R@10 with its 95 % interval."""

    recall_10: Fraction = Field(alias="R@10")
    ci95: dict[str, Interval]


class TaskRecall(Recall):
    """R@10 of one task: queries that were asked, and candidates that were ranked."""

    queries: int
    pool: int
