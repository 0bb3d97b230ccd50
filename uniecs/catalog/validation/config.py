"""What a catalog may get away with: the highest share of each defect that still passes."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]


class ValidationConfig(BaseModel):
    """Thresholds of the gate; a check is named like the share that it limits.

    What the format leaves optional may be absent; a catalog that lost most of its titles or
    pictures is stopped all the same, since that is how a broken export looks.

    Attributes:
        min_rows: Fewest rows of a catalog.
        min_picture_side: Shorter side of a picture that is not small, px.
        min_category_rows: Rows of a category that is not small.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_rows: int = Field(default=1, ge=1)
    min_picture_side: int = Field(default=32, ge=1)
    min_category_rows: int = Field(default=2, ge=1)

    unreadable_rows: Share = 0.05
    missing_ids: Share = 0.05
    duplicate_ids: Share = 0.05
    invalid_texts: Share = 0.05
    missing_titles: Share = 0.5
    invalid_prices: Share = 0.05
    invalid_currencies: Share = 0.05
    missing_currencies: Share = 1.0
    missing_categories: Share = 1.0
    small_categories: Share = 0.5
    invalid_attributes: Share = 0.05
    missing_pictures: Share = 0.5
    broken_pictures: Share = 0.1
    small_pictures: Share = 0.2
    duplicate_pictures: Share = 0.2
    quarantined_rows: Share = 0.1
    unusable_queries: Share = 0.05
