"""The model card: made of the resolved config and the figures of the run, nothing else."""

from collections.abc import Mapping
from typing import Any

from uniecs.encoder.choices import EncoderConfig
from uniecs.encoder.released import CROSS_LAYERS, FUSED_BLOCKS, OWN_BLOCKS
from uniecs.training.config import TrainConfig


def model_card(config: TrainConfig, details: Mapping[str, Any]) -> str:
    """Markdown of the card as training leaves it; registration adds the evaluation report.

    Args:
        config: Resolved config of the run.
        details: What ``train.json`` says of it.
    """
    encoder = config.encoder
    height, width = details["image_size"]
    towers = {
        part: choice.source or choice.type
        for part, choice in (("vision", encoder.vision), ("text", encoder.text))
    }
    validation = "".join(
        f"| {task} | {value:.3f} |\n" for task, value in sorted(details["val"].items())
    )
    kinds = ", ".join(f"{kind} {share:.0%}" for kind, share in details["pairs"].items())
    return f"""---
library_name: transformers
license: apache-2.0
tags: [uniecs, product-search, multimodal-retrieval]
---
# UniECS encoder

Turns a text, a picture, or both into one unit vector of {encoder.dim} numbers.

| | |
|---|---|
| parameters | {details["parameters"]:,} |
| vision tower | {towers["vision"]}, {height} x {width} px |
| text tower | {towers["text"]}, at most {encoder.max_text_tokens} tokens |
| fusion | {_fusion(encoder)} |
| catalog digest | {details["catalog_digest"]} |
| training | {details["steps"]} steps of {config.run.batch_size} pairs, {details["precision"]}, \
seed {config.run.seed} |
| pairs of the last epoch | {kinds} |

## R@10 on the val split (its own pool), epoch {details["best_epoch"]}

| task | R@10 |
|---|---|
{validation}
Pictures and texts of the catalog belong to their owners; the model was trained on the train split
alone. Load it with `uniecs.inference.encoder.Encoder.load(folder)`.
"""


def _fusion(encoder: EncoderConfig) -> str:
    """What stands between towers and vector; the arms have layers that no setting changes."""
    width = f"of width {encoder.fusion_dim}"
    layers = f"{encoder.fusion_layers} cross-attention layer{'s' * (encoder.fusion_layers != 1)}"
    return {
        "gated": f"{layers} {width}, gated",
        "ungated": f"{layers} {width}, every gate open",
        "imputed": f"gated, {layers} {width}, a missing modality imputed",
        "towers": f"none: a linear head over each tower's mean token {width}",
        "released": f"as released: {CROSS_LAYERS} gated cross-attention layers {width}, "
        f"{OWN_BLOCKS} blocks for each tower, {FUSED_BLOCKS} of width {encoder.dim} over both",
    }[encoder.fusion]
