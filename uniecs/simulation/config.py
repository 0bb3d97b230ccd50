"""How many shoppers come, what they ask for, and how they decide."""

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class SimulationConfig(BaseModel):
    """A stretch of simulated traffic; the same config on the same answers gives the same events.

    Attributes:
        sessions: Queries asked; each shopper asks ``sessions_per_shopper`` of them on average.
        seed: Of every random choice.
        start: First moment of traffic; in the past, for features leave out events to come.
        duration: How long it lasts; sessions are spread evenly at random.
        top_k: Hits shown for a query.
        text_share: Queries that are words only.
        image_share: Queries that are a picture only; the rest are both.
        patience: A shopper who examined a rank goes on to the next with this probability.
        stray_clicks: Probability of a click on a hit that has nothing of what is wanted.
        buy_rate: Purchases per click on exactly the product that is wanted, at its price.
        price_sensitivity: How fast buying falls as a hit gets dearer than what is wanted.
        return_rate: Purchases that are sent back.
        variant: Written into every event.
        release: Written into every event.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sessions: int = Field(default=2000, ge=1)
    sessions_per_shopper: float = Field(default=1.5, ge=1)
    seed: int = 7
    start: AwareDatetime = datetime(2025, 1, 6, tzinfo=UTC)
    duration: timedelta = timedelta(days=7)
    top_k: int = Field(default=10, ge=1)
    text_share: float = Field(default=0.5, ge=0, le=1)
    image_share: float = Field(default=0.25, ge=0, le=1)
    patience: float = Field(default=0.85, ge=0, le=1)
    stray_clicks: float = Field(default=0.02, ge=0, le=1)
    buy_rate: float = Field(default=0.3, ge=0, le=1)
    price_sensitivity: float = Field(default=3.0, ge=0)
    return_rate: float = Field(default=0.08, ge=0, le=1)
    variant: str | None = None
    release: str | None = None
