"""Settings merge over presets; what cannot be meant is refused by name."""

import math

import pytest

from uniecs.errors import UsageError
from uniecs.training.config import OptimizerConfig, preset
from uniecs.training.optimization import rate


def test_settings_merge_over_a_preset() -> None:
    config = preset("small", ["run.epochs=3", "encoder.text.source=some/folder", "pairs.short=0"])

    assert config.run.epochs == 3
    assert config.encoder.text.source == "some/folder"
    assert config.pairs.short == 0


def test_a_tower_has_a_short_form() -> None:
    config = preset("small", ["text.tower=minilm", "vision.tower=openai/clip-vit-base-patch16"])

    assert config.encoder.text.source == "minilm"
    assert config.encoder.vision.source == "openai/clip-vit-base-patch16"


def test_a_pretrained_tower_learns_slower_by_default() -> None:
    for name in ("small", "base"):
        optimizer = preset(name).optimizer
        assert 1e-5 <= optimizer.pretrained_lr <= 1e-4
        assert optimizer.pretrained_lr < optimizer.tower_lr


@pytest.mark.parametrize(
    ("setting", "word"),
    [
        ("run.epoch=3", "no key 'epoch'"),
        ("runs.epochs=3", "no section runs"),
        ("run.epochs", "write section.key=value"),
        ("run.epochs=0", "greater than or equal to 1"),
        ("run.epochs=many", "valid integer"),
        ("encoder.dim.x=1", "no section encoder.dim"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(setting: str, word: str) -> None:
    with pytest.raises(UsageError, match=word):
        preset("small", [setting])


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match="small, base"):
        preset("huge")


def test_the_rate_warms_up_falls_and_ends_at_the_floor() -> None:
    config = OptimizerConfig(warmup=0.1, floor=0.05)

    shares = [rate(step, 100, config) for step in range(100)]

    assert shares[:10] == sorted(shares[:10])
    assert shares[10:] == sorted(shares[10:], reverse=True)
    assert max(shares) == pytest.approx(1.0)
    assert math.isclose(shares[-1], 0.05)
