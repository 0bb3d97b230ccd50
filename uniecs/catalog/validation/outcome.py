"""What validation found: the contents of ``validation.json``."""

from pydantic import BaseModel, ConfigDict


class Check(BaseModel):
    """Outcome of one check.

    Attributes:
        value: Share of values that break the rule; for ``rows`` the number of rows.
        threshold: Highest share that passes; for ``rows`` the fewest rows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    passed: bool
    value: int | float
    threshold: int | float


class ValidationReport(BaseModel):
    """Verdict on a catalog.

    Attributes:
        passed: Whether every check passed.
        rows: Rows of the catalog file.
        accepted: Rows that the later steps may read.
        quarantined: Rows left out; ``quarantine.jsonl`` says why.
        checks: All checks with their values.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    passed: bool
    rows: int
    accepted: int
    quarantined: int
    checks: tuple[Check, ...]

    @property
    def failed(self) -> list[Check]:
        """Checks that did not pass."""
        return [check for check in self.checks if not check.passed]
