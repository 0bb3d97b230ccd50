"""Which loss a run is trained with; loads no torch."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Family = Literal["alignment", "local", "intra"]


class LossConfig(BaseModel):
    """Ours by default; frozen, and saved with the run.

    Attributes:
        objective: ``uniecs`` is ours, ``released`` the release's nine terms, ``clip`` InfoNCE
            between texts and pictures alone.
        families: Families that are trained: CMAL, CLAL and IMCL.
        weighting: ``uncertainty``, ``average`` (dynamic weight average) or ``fixed``.
        local_share: CLAL's part beside the other families: what a family's weight, learned or not,
            is multiplied by before it is added.
        view_alignment: Weight, within CMAL, of the alignment of one product's views.
        neighbours: Neighbours that CLAL compares.
        margin: Margin of IMCL, in cosine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: Literal["uniecs", "released", "clip"] = "uniecs"
    families: tuple[Family, ...] = Field(default=("alignment", "local", "intra"), min_length=1)
    weighting: Literal["uncertainty", "average", "fixed"] = "uncertainty"
    local_share: float = Field(default=0.1, gt=0, le=1)
    view_alignment: float = Field(default=0.1, ge=0)
    neighbours: int = Field(default=10, ge=2)
    margin: float = Field(default=0.05, gt=0, lt=2)
