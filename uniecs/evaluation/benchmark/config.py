"""What a builder of benchmarks may choose."""

from pydantic import BaseModel, ConfigDict, Field


class BenchmarkConfig(BaseModel):
    """Choices of one build; the same choices on the same catalog give the same bytes.

    Attributes:
        seed: Decides which pairs a full category keeps, and which side is the trigger.
        per_category: Most pairs of one category in one split.
        min_support: Visits in which both products were clicked, before a co-click counts.
        resplit: Make new splits with the pairs in test, and carry all rows of the catalog, so that
            a model can be trained on what is left.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 0
    per_category: int = Field(default=200, ge=1)
    min_support: int = Field(default=3, ge=1)
    resplit: bool = False
