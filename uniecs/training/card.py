"""The model card: made of the resolved config and the figures of the run, nothing else."""

from collections.abc import Mapping
from typing import Any

from uniecs.training.config import TrainConfig


def model_card(
    config: TrainConfig, parameters: int, image_size: tuple[int, int], details: Mapping[str, Any]
) -> str:
    """Markdown of the card as training leaves it; registration adds the evaluation report."""
    encoder = config.encoder
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
| parameters | {parameters:,} |
| vision tower | {towers["vision"]}, {image_size[0]} x {image_size[1]} px |
| text tower | {towers["text"]}, at most {encoder.max_text_tokens} tokens |
| fusion | {encoder.fusion_layers} gated layers of width {encoder.fusion_dim} |
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
