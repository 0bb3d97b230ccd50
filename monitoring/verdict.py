"""Checks, and the one verdict that they add up to (contract 8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from uniecs.steps.durability import write_durably

State = Literal["healthy", "drifted", "insufficient_data"]


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison of current with reference.

    Attributes:
        name: Stable name, as it stands in the verdict.
        part: ``catalog``, ``embeddings`` or ``online``.
        value: What was measured; None when it could not be.
        threshold: Beyond which it counts as drift; None when it could not be computed.
        n: Rows, embeddings, impressions or purchases on the smaller side.
        state: Outcome.
        sentence: What a person should read.
        optional: True where too little data is no reason to withhold the verdict (a currency with
            three orders beside one with thousands).
    """

    name: str
    part: str
    value: float | None
    threshold: float | None
    n: int
    state: State
    sentence: str
    optional: bool = False


class Reason(BaseModel):
    """Why a verdict is not healthy."""

    model_config = ConfigDict(frozen=True)

    check: str
    value: float | None
    threshold: float | None
    n: int


class Verdict(BaseModel):
    """What monitoring ends in, and what triggers retraining.

    Attributes:
        verdict: Drifted when any check is; else insufficient when any check that is not optional
            lacks data, or none was made; else healthy.
        reasons: The checks that made it so; none when healthy.
        samples: Check -> sample size on the smaller side, of every check.
        simulated: True when any figure rests on simulated shoppers.
    """

    model_config = ConfigDict(frozen=True)

    verdict: State
    reasons: list[Reason]
    samples: dict[str, int]
    simulated: bool

    def save(self, path: Path) -> None:
        """Write ``verdict.json`` in one move."""
        write_durably(path, (self.model_dump_json(indent=2) + "\n").encode())


def judge(checks: Sequence[Check], *, simulated: bool) -> Verdict:
    """Add checks up to a verdict; missing data never makes it healthy."""
    drifted = [check for check in checks if check.state == "drifted"]
    lacking = [
        check for check in checks if check.state == "insufficient_data" and not check.optional
    ]
    state: State = "healthy" if checks and not lacking else "insufficient_data"
    return Verdict(
        verdict="drifted" if drifted else state,
        reasons=[
            Reason(check=check.name, value=check.value, threshold=check.threshold, n=check.n)
            for check in drifted or lacking
        ],
        samples={check.name: check.n for check in checks},
        simulated=simulated,
    )
