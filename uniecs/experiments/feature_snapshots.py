"""Snapshots of feature tables on disk, and the proof that a store gives them back."""

from collections.abc import Hashable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from uniecs.errors import StepError
from uniecs.steps.durability import move_durably

if TYPE_CHECKING:
    import pandas as pd

FeatureValue = str | int | float | bool | None


def write_snapshot(table: "pd.DataFrame", folder: Path, now: datetime) -> None:
    """Add one Parquet file; history is kept, for it is joined as of any time."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{now:%Y%m%dT%H%M%S.%fZ}.parquet"
    unfinished = target.with_suffix(".unfinished")  # readers take *.parquet only
    table.to_parquet(unfinished, index=False)
    move_durably(unfinished, target)


def first_seen(folder: Path) -> dict[str, datetime]:
    """product_id -> first snapshot that held it, from the newest snapshot of the catalog view.

    Args:
        folder: Where the views keep their snapshots.
    """
    import pandas as pd

    snapshots = sorted((folder / "product_catalog").glob("*.parquet"))
    if not snapshots:
        return {}
    table = pd.read_parquet(snapshots[-1], columns=["product_id", "first_seen"])
    return dict(zip(table["product_id"], table["first_seen"], strict=True))


def verify_rows(
    view: str, table: "pd.DataFrame", stored: Mapping[str, Mapping[str, FeatureValue]]
) -> int:
    """Compare what a store gives back with what was written, value by value.

    Args:
        view: Name of the view, for the message.
        table: What was written.
        stored: product_id -> feature -> value.

    Returns:
        Rows, all of them right.

    Raises:
        StepError: When a row differs.
    """
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    wrong = [row["product_id"] for row in rows if _differs(row, stored[row["product_id"]])]
    if wrong:
        raise StepError(
            f"{len(wrong)} of {len(rows)} products came back from the online store with other "
            f"values in {view} (first: {wrong[0]!r}). The old features stay in use; check the "
            "online store and materialize again."
        )
    return len(rows)


def _differs(row: Mapping[Hashable, object], stored: Mapping[str, FeatureValue]) -> bool:
    return any(row[name] != value for name, value in stored.items() if name in row)
