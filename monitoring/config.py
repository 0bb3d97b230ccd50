"""What counts as drift, and how much data a judgement needs."""

from pydantic import BaseModel, ConfigDict, Field


class MonitoringConfig(BaseModel):
    """Thresholds and sample sizes.

    A threshold has two parts. The *floor* is the smallest change that is worth acting on. The
    *noise* is how far the same distribution strays by chance at this sample size: ``sigmas``
    standard deviations above the mean of distances between random halves of the pooled data. A
    check fires only above both, so small samples do not raise false alarms.

    Attributes:
        seed: Of sampling and of random halves.
        max_rows: Catalog rows a side; a larger catalog is sampled.
        embedding_rows: Products a side that are embedded, one of each group.
        components: Principal components that embeddings are reduced to.
        kernel_rows: Embeddings a side of the kernel test, whose cost is quadratic.
        rounds: Random halves that a noise level is estimated from.
        sigmas: Standard deviations of noise that a distance must exceed.
        min_rows: Rows a side below which a check has too little data.
        wasserstein_floor: In standard deviations of the reference; numeric columns.
        jensenshannon_floor: Distance (natural logarithm); categorical columns.
        auc_floor: AUC of a classifier that tells current from reference embeddings.
        mmd_floor: Maximum mean discrepancy of embeddings.
        drop: Relative fall of CTR or revenue that is worth acting on.
        min_impressions: Impressions a period below which CTR is not judged.
        min_clicks: Clicks a period below which CTR is not judged.
        min_orders: Purchases a period and currency below which revenue is not judged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = 7
    max_rows: int = Field(default=5000, ge=100)
    embedding_rows: int = Field(default=1000, ge=100, le=5000)
    components: int = Field(default=32, ge=2)
    kernel_rows: int = Field(default=700, ge=100, le=2000)
    rounds: int = Field(default=200, ge=20)
    sigmas: float = Field(default=4.0, gt=0)
    min_rows: int = Field(default=100, ge=2)
    wasserstein_floor: float = Field(default=0.1, gt=0)
    jensenshannon_floor: float = Field(default=0.1, gt=0)
    auc_floor: float = Field(default=0.55, gt=0.5, lt=1)
    mmd_floor: float = Field(default=0.015, gt=0)
    drop: float = Field(default=0.1, gt=0, lt=1)
    min_impressions: int = Field(default=500, ge=1)
    min_clicks: int = Field(default=30, ge=1)
    min_orders: int = Field(default=30, ge=1)
