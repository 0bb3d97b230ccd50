"""What a release is, and what it is called."""

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

State = Literal["composed", "live", "superseded", "rolled back"]


@dataclass(frozen=True, slots=True)
class Release:
    """What is deployed and rolled back as one.

    Attributes:
        release_id: Content id: the same three parts are the same release.
        feature_service: Name of the Feast feature service, or None.
        catalog_digest: Of the catalog whose products the generation holds.
        revision: Of the release pointer when this release last went live; 0 if it never did.
        created: When it was composed, ISO 8601 in UTC.
    """

    release_id: str
    model_version: str
    generation: str
    feature_service: str | None
    catalog_digest: str
    state: State
    revision: int
    created: str


class GenerationFacts(Protocol):
    """What a release needs to know of ``uniecs.index.ledger.Generation``."""

    @property
    def id(self) -> str:
        """Name of the generation."""

    @property
    def model_version(self) -> str:
        """The model that made its vectors."""

    @property
    def catalog_digest(self) -> str:
        """The catalog whose products it holds."""


def release_id_of(model_version: str, generation: str, feature_service: str | None) -> str:
    """The content id of a release.

    Example:
        >>> release_id_of("m-1", "g-1", None)
        'r-e139835daeea'
    """
    parts = "\0".join((model_version, generation, feature_service or ""))
    return f"r-{hashlib.sha256(parts.encode()).hexdigest()[:12]}"
