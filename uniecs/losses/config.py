"""Which loss a run is trained with; loads no torch."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Family = Literal["alignment", "local", "intra"]


class LossConfig(BaseModel):
    """Ours by default; frozen, and saved with the run.

    Attributes:
        objective: ``uniecs`` is ours, ``released`` the release's nine terms, ``clip`` InfoNCE
            between texts and pictures alone.
        shares: What the weight of each family, CMAL, CLAL and IMCL, is multiplied by, learned or
            not; a family of share 0 is not trained. Like modalities are told apart early, and at
            full weight they then drown what is hard, texts against pictures: one run each on the
            demo catalog gave T->I .682 at share 1, .766 at .3 and .776 at .1.
        weighting: ``uncertainty``, ``average`` (dynamic weight average) or ``fixed``.
        mixed: Share of InfoNCE in which right answers stand against the wrong ones in all views, so
            that scores of pictures, texts and both can be compared in one pool.
        view_alignment: Weight, within CMAL, of the alignment of one product's views.
        neighbours: Neighbours that CLAL compares.
        margin: Margin of IMCL, in cosine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: Literal["uniecs", "released", "clip"] = "uniecs"
    shares: dict[Family, Annotated[float, Field(ge=0)]] = {
        "alignment": 1.0,
        "local": 0.1,
        "intra": 0.2,
    }
    weighting: Literal["uncertainty", "average", "fixed"] = "uncertainty"
    mixed: float = Field(default=0.0, ge=0, le=1)
    view_alignment: float = Field(default=0.1, ge=0)
    neighbours: int = Field(default=10, ge=2)
    margin: float = Field(default=0.05, gt=0, lt=2)

    @property
    def families(self) -> tuple[Family, ...]:
        """Families that are trained."""
        return tuple(family for family, share in self.shares.items() if share)

    @model_validator(mode="after")
    def _something_is_trained(self) -> "LossConfig":
        if not self.families:
            raise ValueError("every family has share 0; give one of them a larger share")
        return self
