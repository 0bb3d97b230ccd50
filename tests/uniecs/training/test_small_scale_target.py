"""The target of UNIECS.md 7.4 at small scale: colour is only in pictures, brand only in texts.

480 invented products, one for each of 20 brands in 24 colours. A product is found among others of
its brand by colour alone and among others of its colour by brand alone, so single modalities have
something to lose and both together everything to win. Towers and fusion are toys (D = 64). Both
arms reach what can be reached after some hundred steps, so they are compared after 40.
"""

import colorsys
import random
from pathlib import Path
from statistics import mean

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw

from benchmarks.quality.arms import Shown
from benchmarks.quality.catalogs import shown_catalog
from uniecs.catalog.reading import Catalog
from uniecs.evaluation.evaluate import evaluate
from uniecs.inference.encoder import Encoder
from uniecs.training.config import preset
from uniecs.training.run import train

pytestmark = pytest.mark.slow

BRANDS, COLOURS, SIDE = 20, 24, 48
WORDS = (
    "soft",
    "light",
    "warm",
    "new",
    "classic",
    "daily",
    "easy",
    "slim",
    "long",
    "short",
    "plain",
)
SEEDS = (0, 1, 2)
POINT = 0.01
TOY = [
    'encoder.text={"type": "bert", "options": {"hidden_size": 64, "num_hidden_layers": 1, '
    '"num_attention_heads": 4, "intermediate_size": 128, "hidden_dropout_prob": 0.0, '
    '"attention_probs_dropout_prob": 0.0}}',
    'encoder.vision={"type": "vit", "options": {"hidden_size": 64, "num_hidden_layers": 2, '
    '"num_attention_heads": 4, "intermediate_size": 128, "image_size": 48, "patch_size": 12}}',
    "encoder.dim=64",
    "encoder.fusion_dim=64",
    "encoder.fusion_layers=2",
    "encoder.image_size=48",
    "encoder.max_text_tokens=24",
    "encoder.vocabulary=400",
    "run.batch_size=64",
    "run.precision=float32",
    "run.modality_dropout=0",  # no product lacks anything, and the target asks of none that does
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small-scale") / "catalog"
    rng = random.Random(0)
    brands = [
        "".join(rng.choice("bdfgklmnprst") + rng.choice("aeiou") for _ in range(3))
        for _ in range(BRANDS)
    ]
    products = [(brand, colour) for brand in brands for colour in range(COLOURS)]
    rng.shuffle(products)
    rows = []
    for number, (brand, colour) in enumerate(products):
        names = [f"pictures/{number}-{view}.png" for view in range(2)]
        for name in names:
            _draw(folder / name, colour, rng)
        title, description = (_sentence(brand, rng) for _ in range(2))
        rows.append(
            {
                "product_id": f"p{number}",
                "title": title,
                "description": description,
                "brand": None,
                "category": "",
                "attributes": "{}",
                "image_paths": names,
                "split": "train" if number < 320 else "val" if number < 370 else "test",
            }
        )
    pd.DataFrame(rows).to_parquet(folder / "catalog.parquet", index=False)
    return folder


def _draw(path: Path, colour: int, rng: random.Random) -> None:
    """A patch of one of 24 colours (12 hues, light and dark) on a pale, noisy ground."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(rng.randrange(2**32)).normal(225, 12, (SIDE, SIDE, 3))
    picture = Image.fromarray(noise.clip(0, 255).astype(np.uint8))
    hue = colorsys.hsv_to_rgb(colour % 12 / 12, 0.85, 0.95 if colour < 12 else 0.5)
    fill = tuple(int(min(255, max(0, 255 * part + rng.gauss(0, 6)))) for part in hue)
    x, y, size = rng.randint(2, 16), rng.randint(2, 16), rng.randint(20, 30)
    pen = ImageDraw.Draw(picture)
    shape = pen.ellipse if rng.random() < 0.5 else pen.rectangle
    shape((x, y, x + size, y + size), fill=fill)
    picture.save(path)


def _sentence(brand: str, rng: random.Random) -> str:
    words = rng.sample(WORDS, 4)
    words.insert(rng.randrange(5), brand)
    return " ".join(words)


def recall(catalog: Path, shown: Path, out: Path, epochs: int, *more: str) -> dict[str, float]:
    """R@10 of a model that was trained on ``shown`` and is asked about ``catalog``."""
    length = (f"run.epochs={epochs}", f"run.validate_every={epochs}")
    train(shown, out / "run", preset("small", [*TOY, *length, *more]))
    encoder = Encoder.load(out / "run" / "model", precision="float32")
    report = evaluate(encoder, Catalog(catalog), report=out / "report")
    tasks = {name: task.recall_10 for name, task in report.tasks.items()}
    return {**tasks, "macro": report.macro.recall_10}


def test_after_the_same_steps_it_beats_the_mean_of_two_towers(
    catalog: Path, tmp_path: Path
) -> None:
    ours, towers = (
        [
            recall(catalog, catalog, tmp_path / f"{arm}-{seed}", 8, f"run.seed={seed}", *settings)[
                "macro"
            ]
            for seed in SEEDS
        ]
        for arm, settings in (("ours", ()), ("towers", ("encoder.fusion=towers",)))
    )

    assert mean(ours) - mean(towers) >= 3 * POINT, (ours, towers)


def test_a_single_modality_loses_little_to_training_on_it_alone(
    catalog: Path, tmp_path: Path
) -> None:
    ours = recall(catalog, catalog, tmp_path / "ours", 20)

    alike: tuple[tuple[Shown, str], ...] = (("texts", "T->T"), ("pictures", "I->I"))
    for shown, task in alike:
        alone = recall(catalog, shown_catalog(catalog, shown, tmp_path), tmp_path / shown, 20)
        assert alone[task] - ours[task] <= 2 * POINT, (task, alone, ours)
