"""How the search API behaves; every field has a default that needs no change."""

from pydantic import BaseModel, ConfigDict, Field

from uniecs.inference.limits import RequestLimits


class SearchApiConfig(BaseModel):
    """Settings of one search API process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=0, le=65_535, description="0 chooses a free port.")
    limits: RequestLimits = RequestLimits()
    body_seconds: float = Field(default=30.0, gt=0, description="To receive one request body.")
    max_running: int = Field(default=4, ge=1, le=32, description="Searches at the same time.")
    max_waiting: int = Field(
        default=32, ge=0, description="Searches that wait for their turn; more are answered 429."
    )
    search_seconds: float = Field(
        default=2.0, gt=0, description="For one search, its turn included; past it, 504."
    )
    retry_after_seconds: int = Field(
        default=1, ge=1, description="What 429, 503 and 504 tell the client."
    )
    probe_seconds: float = Field(default=10.0, gt=0, description="For the search of readiness.")
    probe_age_seconds: float = Field(
        default=1.0, ge=0, description="Readiness answers with a search that is at most this old."
    )
    drain_seconds: int = Field(default=30, ge=1, description="For running searches at exit.")
