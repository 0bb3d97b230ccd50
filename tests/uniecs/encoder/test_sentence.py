"""A model folder is a SentenceTransformer: the same vectors, from lists of any mixture."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from uniecs.catalog.items import Item
from uniecs.encoder.folder import verify_model_folder
from uniecs.encoder.sentence import UniECSSentence
from uniecs.errors import ImageError, ModelError
from uniecs.inference.encoder import Encoder


def transformer(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), trust_remote_code=True, device="cpu")


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pictures") / "mandelbrot.jpg"
    Image.effect_mandelbrot((300, 200), (-2, -1, 1, 1), 30).convert("RGB").save(path)
    return path


def test_a_mixed_list_gives_the_encoders_vectors(tiny_model: Path, picture: Path) -> None:
    texts = ["red mug", "a blue lamp on a very long green table " * 4]
    inputs = [
        texts[0],
        {"text": texts[1]},
        {"image": str(picture)},
        {"text": texts[0], "image": picture.read_bytes()},
        {"text": "", "image": str(picture)},
        {"text": texts[1], "image": None},
        Image.open(picture),
    ]
    items = [
        Item("", text=texts[0]),
        Item("", text=texts[1]),
        Item("", image=picture),
        Item("", text=texts[0], image=picture),
        Item("", image=picture),
        Item("", text=texts[1]),
        Item("", image=Image.open(picture)),
    ]

    vectors = transformer(tiny_model).encode(inputs, batch_size=3)

    wanted = Encoder.load(tiny_model, device="cpu", precision="float32").encode(items).vectors
    assert np.abs(vectors - wanted).max() < 1e-5


@pytest.mark.parametrize("kind", ["text", "image", "both"])
def test_a_list_of_one_kind_gives_the_encoders_vectors(
    tiny_model: Path, picture: Path, kind: str
) -> None:
    text = {} if kind == "image" else {"text": "red mug"}
    image = {} if kind == "text" else {"image": picture}

    vectors = transformer(tiny_model).encode([{**text, **image}] * 2)

    item = Item("", text=text.get("text", ""), image=image.get("image"))
    wanted = Encoder.load(tiny_model, device="cpu", precision="float32").encode([item]).vectors
    assert np.abs(vectors - wanted).max() < 1e-5


def test_the_loaded_module_needs_no_trust(tiny_model: Path) -> None:
    from sentence_transformers import SentenceTransformer

    module = UniECSSentence.load(str(tiny_model))
    model = SentenceTransformer(modules=[module], device="cpu")

    assert model.get_embedding_dimension() == 32
    assert model.max_seq_length == 16
    assert model.encode("red mug").shape == (32,)


def test_without_trust_the_library_says_what_to_pass(tiny_model: Path) -> None:
    from sentence_transformers import SentenceTransformer

    with pytest.raises(ValueError, match="trust_remote_code=True"):
        SentenceTransformer(str(tiny_model), device="cpu")


def test_a_saved_sentence_transformer_is_a_model_folder(tiny_model: Path, tmp_path: Path) -> None:
    model = transformer(tiny_model)
    model.save(str(tmp_path / "again"))

    manifest = verify_model_folder(tmp_path / "again")
    again = transformer(tmp_path / "again").encode(["red mug"])
    encoded = Encoder.load(tmp_path / "again", precision="float32").encode(
        [Item("", text="red mug")]
    )

    assert manifest.dim == 32
    assert {path.suffix for path in (tmp_path / "again").iterdir()} <= {
        ".json", ".safetensors", ".md",
    }  # fmt: skip
    assert np.abs(again - encoded.vectors).max() < 1e-5


def test_an_altered_folder_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    with (folder / "model.safetensors").open("ab") as weights:
        weights.write(b"\0")

    with pytest.raises(ModelError, match="was changed"):
        transformer(folder)


@pytest.mark.parametrize(
    "wrong",
    [{"text": " "}, {}, {"video": "x.mp4"}, 7, {"text": 7}, [{"role": "user", "content": "x"}]],
)
def test_an_input_that_is_neither_text_nor_picture_is_refused(
    tiny_model: Path, wrong: object
) -> None:
    with pytest.raises(ValueError, match="text"):
        UniECSSentence.load(str(tiny_model)).preprocess([wrong])


def test_a_picture_from_the_network_is_not_fetched(tiny_model: Path) -> None:
    with pytest.raises(ImageError, match="no such"):
        transformer(tiny_model).encode([{"image": "http://127.0.0.1:1/mug.jpg"}])
