"""How the local server behaves; every field has a default that needs no change."""

from pydantic import BaseModel, ConfigDict, Field

from uniecs.inference.batching import BatchLimits
from uniecs.inference.limits import RequestLimits

MODEL_NAME = "uniecs"
"""Name of the model in every URL."""


class ServingConfig(BaseModel):
    """Settings of one server process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    http_port: int = Field(default=8080, ge=0, le=65_535, description="0 chooses a free port.")
    grpc_port: int = Field(default=8081, ge=0, le=65_535, description="0 chooses a free port.")
    limits: RequestLimits = RequestLimits()
    batches: BatchLimits = BatchLimits()
    body_seconds: float = Field(default=30.0, gt=0, description="To receive one request body.")
    probe_seconds: float = Field(default=10.0, gt=0, description="For the forward of readiness.")
    probe_age_seconds: float = Field(
        default=1.0, ge=0, description="Readiness answers with a forward that is at most this old."
    )
    poll_seconds: float = Field(default=0.5, gt=0, description="Between looks at the pointer.")
    retry_seconds: float = Field(
        default=5.0, gt=0, description="Before a failed release is tried again; doubles each time."
    )
    drain_seconds: float = Field(
        default=30.0, gt=0, description="For requests of the old model after a switch, or at exit."
    )
