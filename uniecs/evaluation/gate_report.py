"""Thresholds of the offline gate, and its answer."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Status = Literal["passed", "failed", "insufficient_data"]


class GateConfig(BaseModel):
    """Thresholds of the offline gate.

    Attributes:
        metric: Metric of ``report.json`` that is compared.
        tolerance: A task fails when its whole interval lies below minus this.
        min_queries: Fewer make a task ``insufficient_data``.
        chance_factor: Without a production version, the macro metric must be at least this many
            times that of a random ranking.
        samples: Bootstrap samples.
        seed: Seed of the bootstrap.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Literal["R@10"] = "R@10"
    tolerance: float = Field(default=0.02, ge=0, le=1)
    min_queries: int = Field(default=100, ge=1)
    chance_factor: float = Field(default=2.0, ge=1)
    samples: int = Field(default=1000, ge=100)
    seed: int = 0


class GateCheck(BaseModel):
    """One thing that the gate looked at.

    Attributes:
        name: ``report intact``, ``same evaluation``, ``macro``, ``above chance`` or a task.
        value: The difference (new - production), or the absolute value of ``above chance``.
        interval: 95 % interval of ``value``.
        threshold: What it was held against.
        n: Queries behind it.
        reason: One sentence.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: Status
    reason: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    threshold: float | None = None
    n: int | None = None


class GateReport(BaseModel):
    """The gate's answer, with what it rests on.

    Attributes:
        gate: Which gate this was.
        passed: Whether the model may go on.
        model_version: The model that was judged.
        production_version: The model that it was held against, if any.
        reasons: Why it was refused, or what let it pass.
        checks: Everything that was looked at.
        candidate_digest: sha256 of the judged ``report.json``.
        production_digest: sha256 of production's ``report.json``.
        config: Thresholds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    gate: Literal["offline"] = "offline"
    passed: bool
    model_version: str
    production_version: str | None = None
    reasons: list[str]
    checks: list[GateCheck]
    candidate_digest: str
    production_digest: str | None = None
    config: GateConfig
