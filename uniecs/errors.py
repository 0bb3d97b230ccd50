"""Everything that UniECS raises on purpose.

UniECSError                 the root: one readable message, exit code 1
├── UsageError              the call itself is wrong (unknown key, value out of range), exit code 2
├── DataError               bad or missing data
│   ├── CatalogError        a catalog folder or one of its files cannot be used
│   ├── ImageError          one picture cannot be decoded safely; carries a short ``code``
│   ├── QueryError          a query has neither text nor image, or a part of it is unusable
│   └── EventError          an event is malformed
├── ModelError              a model folder is incomplete, altered or of the wrong kind
│   └── ModelMismatch       vectors of one model version met the index of another (HTTP 409)
├── GateRefused             a gate said no; carries the gate's report
├── GenerationError         a generation of the index cannot be built, verified, swapped or dropped
├── FilterError             a filter expression cannot be understood; carries the position
├── RegistryError           a model version or stage is not what the call needs
│   └── StageConflict       another promotion won the race
├── StepError               a step could not finish, or its stored output was altered
├── ServiceUnavailable      a server that the command needs does not answer
└── DeadlineExceeded        a search took longer than it may (HTTP 504)

A message says what happened, shows the offending value, and says what to do.
"""

from collections.abc import Mapping
from typing import Any


class UniECSError(Exception):
    """The root of all errors raised on purpose."""

    exit_code = 1


class UsageError(UniECSError):
    """The call itself is wrong."""

    exit_code = 2


class DataError(UniECSError):
    """Bad or missing data."""


class CatalogError(DataError):
    """A catalog folder or one of its files cannot be used."""


class ImageError(DataError):
    """One picture cannot be decoded safely.

    Args:
        message: What happened, with the value.
        code: Short reason, stable for reports: ``missing``, ``too_many_bytes``, ``format``,
            ``too_many_pixels``, ``truncated`` or ``unreadable``.
    """

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class QueryError(DataError):
    """A query has neither text nor image, or a part of it is unusable."""


class EventError(DataError):
    """An event is malformed."""


class ModelError(UniECSError):
    """A model folder is incomplete, altered or of the wrong kind."""


class ModelMismatch(ModelError):
    """Vectors of one model version met the index of another."""

    def __init__(self, *, expected: str, got: str) -> None:
        super().__init__(
            f"The index holds vectors of model version {expected}, the query vector comes from "
            f"{got}: they are not comparable. Encode the query with {expected}, or build and swap "
            f"in a generation of {got}."
        )
        self.expected = expected
        self.got = got


class GateRefused(UniECSError):
    """A gate said no."""

    def __init__(self, message: str, *, report: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.report = dict(report or {})


class GenerationError(UniECSError):
    """A generation of the index cannot be built, verified, swapped or dropped."""


class FilterError(UniECSError):
    """A filter expression cannot be understood."""

    def __init__(self, message: str, *, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class RegistryError(UniECSError):
    """A model version or stage is not what the call needs."""


class StageConflict(RegistryError):
    """Another promotion won the race."""


class StepError(UniECSError):
    """A step could not finish, or its stored output was altered."""


class ServiceUnavailable(UniECSError):
    """A server that the command needs does not answer."""


class DeadlineExceeded(UniECSError):
    """A search took longer than it may."""
