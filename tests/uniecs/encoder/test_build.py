"""Towers of every supported class: from a config, and from a folder that the test saves."""

from pathlib import Path

import pytest
import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer

from uniecs.encoder.build import build_encoder, train_wordpiece
from uniecs.encoder.choices import PRESETS, EncoderConfig, TowerChoice
from uniecs.errors import ModelError

VISION = {
    "vit": {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "image_size": 32,
        "patch_size": 16,
    },
    "resnet": {"embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1]},
    "convnext": {"hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 1, 1]},
    "siglip_vision_model": {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
        "image_size": 32,
        "patch_size": 16,
    },
}
TEXT = {
    "bert": {
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "intermediate_size": 16,
    },
    "distilbert": {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 16},
}
WORDS = ["red mug", "blue lamp", "grüner Stuhl", "赤い 靴"] * 3


def tiny(vision: TowerChoice, text: TowerChoice) -> EncoderConfig:
    return EncoderConfig(
        vision=vision,
        text=text,
        dim=16,
        fusion_dim=16,
        fusion_layers=1,
        fusion_heads=2,
        image_size=32,
        max_text_tokens=12,
        vocabulary=100,
    )


@pytest.mark.parametrize("vision", VISION)
@pytest.mark.parametrize("text", TEXT)
def test_any_tower_gives_vectors(vision: str, text: str) -> None:
    config = tiny(
        TowerChoice(type=vision, options=VISION[vision]),
        TowerChoice(type=text, options=TEXT[text]),
    )
    model, processor = build_encoder(config, WORDS, seed=0)
    ids, mask = processor.tokens(["red mug", "blue lamp on a very long table " * 9])

    output = model.eval()(
        input_ids=ids, attention_mask=mask, pixel_values=torch.zeros(2, 3, 32, 32)
    )

    assert output.vectors.shape == (2, 16)
    assert ids.shape[1] <= 12


def test_pretrained_halves_of_a_dual_encoder_are_taken_as_they_are(tmp_path: Path) -> None:
    clip = AutoModel.from_config(
        AutoConfig.for_model(
            "clip",
            vision_config={**VISION["vit"]},
            text_config={**TEXT["bert"], "vocab_size": 200, "max_position_embeddings": 16},
        )
    )
    clip.save_pretrained(tmp_path / "clip")
    train_wordpiece(WORDS, size=100).save_pretrained(tmp_path / "clip")
    source = TowerChoice(source=str(tmp_path / "clip"))

    model, processor = build_encoder(tiny(source, source), [], seed=0)

    kept = model.vision.tower.state_dict()
    for name, value in clip.vision_model.state_dict().items():
        assert torch.equal(kept[name], value)
    assert len(processor.tokenizer) == len(AutoTokenizer.from_pretrained(tmp_path / "clip"))


def test_a_source_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    config = tiny(TowerChoice(source=str(tmp_path / "none")), TowerChoice(type="bert"))

    with pytest.raises(ModelError, match="No vision tower can be loaded"):
        build_encoder(config, WORDS, seed=0)


def test_the_same_seed_builds_the_same_weights() -> None:
    config = tiny(
        TowerChoice(type="resnet", options=VISION["resnet"]),
        TowerChoice(type="bert", options=TEXT["bert"]),
    )

    one, other = (build_encoder(config, WORDS, seed=3)[0].state_dict() for _ in range(2))

    assert all(torch.equal(one[name], other[name]) for name in one)


def test_the_vocabulary_serves_any_language() -> None:
    tokenizer = train_wordpiece(WORDS, size=200)

    assert tokenizer.unk_token_id not in tokenizer("GRÜNER stuhl 赤い")["input_ids"]


def test_base_is_the_size_that_the_paper_names() -> None:
    from uniecs.encoder.build import _model_config, _tower_config
    from uniecs.encoder.model import UniECSModel

    config = PRESETS["base"]()
    extra = {"vocab_size": config.vocabulary}
    with torch.device("meta"):
        model = UniECSModel(
            _model_config(
                config,
                _tower_config(config.vision, None, {}),
                _tower_config(config.text, None, extra),
            )
        )

    assert 180e6 < model.num_parameters() < 220e6
