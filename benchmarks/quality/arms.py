"""What is compared: (a) two towers, (b) the released design, (c) ours, and ours without parts."""

from dataclasses import dataclass
from typing import Literal

Shown = Literal["all", "texts", "pictures"]


@dataclass(frozen=True)
class Arm:
    """One way to train.

    Attributes:
        name: As files and commands call it.
        title: As tables call it.
        settings: Over the common ones.
        shown: Which modalities of the catalog it is trained on.
        kind: A main arm has three seeds on every catalog; a part left out has fewer.
    """

    name: str
    title: str
    settings: tuple[str, ...] = ()
    shown: Shown = "all"
    kind: Literal["main", "ablation", "single"] = "ablation"


HARD_NEGATIVES = ("run.hard_negatives=3",)

ARMS: tuple[Arm, ...] = (
    Arm(
        "towers",
        "(a) two towers, CLIP loss",
        (
            "encoder.fusion=towers",
            "loss.objective=clip",
            "run.modality_dropout=0",
            "run.mismatched=0",
        ),
        kind="main",
    ),
    Arm(
        "released",
        "(b) released design",
        (
            "encoder.fusion=released",
            "loss.objective=released",
            "run.modality_dropout=0",
            "run.mismatched=0",
            "pairs.whole=0",
            "pairs.short=0",
            "pairs.composed=0",
        ),
        kind="main",
    ),
    Arm("ours", "(c) ours", HARD_NEGATIVES, kind="main"),
    Arm("no-gate", "ours without gates", (*HARD_NEGATIVES, "encoder.fusion=ungated")),
    Arm(
        "no-clal",
        "ours without CLAL",
        (*HARD_NEGATIVES, "loss.shares.local=0"),
    ),
    Arm(
        "no-imcl",
        "ours without IMCL",
        (*HARD_NEGATIVES, "loss.shares.intra=0"),
    ),
    Arm("fixed", "ours without adaptive weights", (*HARD_NEGATIVES, "loss.weighting=fixed")),
    Arm(
        "no-modality-dropout",
        "ours without modality dropout",
        (*HARD_NEGATIVES, "run.modality_dropout=0"),
    ),
    Arm("no-hard-negatives", "ours without hard negatives", ("run.mismatched=0",)),
    Arm("no-composed", "ours without composed pairs", (*HARD_NEGATIVES, "pairs.composed=0")),
    Arm("no-short", "ours without short queries", (*HARD_NEGATIVES, "pairs.short=0")),
    Arm("texts-only", "ours, trained on texts alone", HARD_NEGATIVES, "texts", "single"),
    Arm("pictures-only", "ours, trained on pictures alone", HARD_NEGATIVES, "pictures", "single"),
)

BY_NAME = {arm.name: arm for arm in ARMS}


@dataclass(frozen=True)
class Common:
    """What every arm of a catalog is trained with.

    Attributes:
        epochs: All arms see as many pairs in as many steps.
        queries: Whether the catalog's judged queries are asked as well.
        ablation_seeds: Seeds of the parts left out.
    """

    epochs: int
    queries: bool
    ablation_seeds: int

    @property
    def settings(self) -> tuple[str, ...]:
        """Pictures of 64 px, texts of 40 tokens and batches of 64: minutes a run on two cores."""
        return (
            f"run.epochs={self.epochs}",
            f"run.validate_every={self.epochs}",
            "run.batch_size=64",
            "encoder.image_size=64",
            "encoder.max_text_tokens=40",
        )


CATALOGS = {
    "demo": Common(epochs=12, queries=True, ablation_seeds=3),
    "myntra_dev": Common(epochs=3, queries=False, ablation_seeds=1),
}

MAIN_SEEDS = 3


@dataclass(frozen=True, order=True)
class Run:
    """One training and its evaluation."""

    catalog: str
    arm: str
    seed: int


def plan() -> list[Run]:
    """All runs, the most telling first: every main arm once, then the rest, then other seeds."""
    ranks = {
        Run(catalog, arm.name, seed): (seed, arm.kind != "main", place)
        for place, (catalog, common) in enumerate(CATALOGS.items())
        for arm in ARMS
        for seed in range(_seeds(arm, common))
    }
    return sorted(ranks, key=lambda run: (ranks[run], [a.name for a in ARMS].index(run.arm)))


def _seeds(arm: Arm, common: Common) -> int:
    if arm.kind == "main":
        return MAIN_SEEDS
    return common.ablation_seeds if arm.kind == "ablation" else 1
