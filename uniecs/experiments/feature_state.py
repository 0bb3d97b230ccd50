"""Our own watermark of features: written only after what was materialized has been read back."""

from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from uniecs.settings import Settings
from uniecs.steps.durability import write_durably


class FeatureState(BaseModel):
    """What the online store is known to hold.

    Attributes:
        feature_service: The service that search asks for.
        materialized_at: Time of the snapshot; a new one tells a long-running reader to look again.
        catalog_digest: Of the catalog whose products were materialized.
        rows: View -> products that were read back from the online store with the right values.
        events: Events that the performance view was computed from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    feature_service: str
    materialized_at: datetime
    catalog_digest: str
    rows: dict[str, int]
    events: int


def features_dir(settings: Settings) -> Path:
    """Where snapshots, the Feast registry and the embedded online store lie."""
    return settings.root / "features"


def state_path(settings: Settings) -> Path:
    """The file of the watermark."""
    return features_dir(settings) / "state.json"


def read_feature_state(settings: Settings) -> FeatureState | None:
    """The watermark, or None when features were never materialized (or the file is damaged)."""
    try:
        return FeatureState.model_validate_json(state_path(settings).read_bytes())
    except (OSError, ValidationError):
        return None


def write_feature_state(settings: Settings, state: FeatureState) -> None:
    """Replace the watermark in one move."""
    write_durably(state_path(settings), state.model_dump_json(indent=2).encode())
