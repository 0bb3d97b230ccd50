"""Settings of an evaluation."""

from pydantic import BaseModel, ConfigDict, Field


class EvaluationConfig(BaseModel):
    """What an evaluation may vary; the defaults are what reports are compared by.

    Attributes:
        samples: Bootstrap samples behind every interval.
        seed: Seed of the bootstrap.
        depth: Ranks that are kept per query of a task; every metric looks at 10 or fewer.
        query_depth: Products that a ranker is asked for per query of ``queries.jsonl``.
        batch_size: Items per forward pass.
        chunk: Items whose pictures are held in memory at once.
        examples: Example rankings per task or query type in the HTML report.
        pool_sizes: Pools that the split's candidates are grown to with other listings, as far as
            the catalog reaches; each other listing is encoded for this.
        probes: Queries per task behind mixed pool, degradation and pool sizes, at most.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    samples: int = Field(default=1000, ge=100)
    seed: int = 0
    depth: int = Field(default=100, ge=10)
    query_depth: int = Field(default=20, ge=11)
    batch_size: int = Field(default=64, ge=1)
    chunk: int = Field(default=1024, ge=1)
    examples: int = Field(default=4, ge=0)
    pool_sizes: tuple[int, ...] = (1000, 10_000)
    probes: int = Field(default=2000, ge=1)
