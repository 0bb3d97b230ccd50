"""The model card says what the run's own files say, of each of the fusions."""

from typing import Any

import pytest

from uniecs.encoder.arms import FUSIONS
from uniecs.training.card import model_card
from uniecs.training.config import preset

DETAILS: dict[str, Any] = {
    "steps": 1234,
    "best_epoch": 7,
    "val": {"T->I": 0.4567, "macro": 0.5},
    "pairs": {"listing": 0.75, "short": 0.25},
    "precision": "bfloat16",
    "parameters": 2_345_678,
    "image_size": [96, 128],
    "catalog_digest": "abc123",
}


def rows(*settings: str) -> dict[str, str]:
    """The first table of the card."""
    card = model_card(preset("small", settings), DETAILS)
    cells = [line.strip("| ").split(" | ") for line in card.splitlines() if line.startswith("| ")]
    return {cell[0]: cell[1] for cell in cells if len(cell) == 2}


def test_the_card_says_what_the_run_came_to() -> None:
    said = rows("run.seed=3")

    assert said["parameters"] == "2,345,678"
    assert said["vision tower"] == "resnet, 96 x 128 px"
    assert said["training"] == "1234 steps of 128 pairs, bfloat16, seed 3"
    assert said["pairs of the last epoch"] == "listing 75%, short 25%"
    assert said["T->I"] == "0.457"


@pytest.mark.parametrize(
    ("fusion", "expected"),
    [
        ("gated", "2 cross-attention layers of width 192, gated"),
        ("ungated", "2 cross-attention layers of width 192, every gate open"),
        ("imputed", "gated, 2 cross-attention layers of width 192, a missing modality imputed"),
        ("towers", "none: a linear head over each tower's mean token of width 192"),
        (
            "released",
            "as released: 3 gated cross-attention layers of width 192, 2 blocks for each tower, "
            "3 of width 256 over both",
        ),
    ],
)
def test_the_fusion_is_the_one_that_was_built(fusion: str, expected: str) -> None:
    assert rows(f"encoder.fusion={fusion}", "encoder.fusion_layers=2")["fusion"] == expected


def test_every_fusion_has_a_name() -> None:
    assert len({rows(f"encoder.fusion={fusion}")["fusion"] for fusion in FUSIONS}) == len(FUSIONS)
    assert rows()["fusion"] == "1 cross-attention layer of width 192, gated"
