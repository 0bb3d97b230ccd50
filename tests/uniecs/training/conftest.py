"""A config that trains a tiny encoder in seconds, and the parts of a run over it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.pairs import Pair
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import Relations, catalog_relations
from uniecs.catalog.schema import Product
from uniecs.catalog.training_pairs import TrainingPairs
from uniecs.encoder.build import build_encoder
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.training.batches import Batcher, Dropouts, Inputs, Plan
from uniecs.training.config import TrainConfig, preset
from uniecs.training.pixels import PixelStore

TINY = [
    'encoder.text={"type": "bert", "options": {"hidden_size": 16, '
    '"num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16, '
    '"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}}',
    "encoder.dim=16",
    "encoder.fusion_dim=16",
    "encoder.fusion_heads=2",
    "encoder.image_size=32",
    "encoder.max_text_tokens=16",
    "encoder.vocabulary=300",
    "run.epochs=3",
    "run.batch_size=24",
    "run.precision=float32",
    "run.checkpoint_seconds=0.001",
    "run.validate_every=2",
]
RESNET = (
    'encoder.vision={"type": "resnet", "options": {"embedding_size": 8, '
    '"hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}}'
)
VIT = (
    'encoder.vision={"type": "vit", "options": {"hidden_size": 16, "num_hidden_layers": 1, '
    '"num_attention_heads": 2, "intermediate_size": 16, "image_size": 32, "patch_size": 16}}'
)


@pytest.fixture(scope="session")
def tiny_config() -> TrainConfig:
    return preset("small", [RESNET, *TINY])


@dataclass(frozen=True)
class Parts:
    """What a step needs; towers without batch normalisation, in float64."""

    catalog: Catalog
    training: TrainingPairs
    pairs: list[Pair]
    relations: Relations
    pixels: PixelStore
    processor: UniECSProcessor
    build: Callable[[], UniECSModel]

    def batcher(
        self,
        *,
        words: float = 0.1,
        modality: float = 0.15,
        products: list[Product] | None = None,
        **more: object,
    ) -> Batcher:
        return Batcher(
            products or self.training.shown(self.catalog.products),
            self.relations,
            self.pixels,
            self.processor,
            Dropouts(words, modality),
            **more,  # type: ignore[arg-type]
        )


def pixels_of(catalog: Catalog, processor: UniECSProcessor, folder: Path) -> PixelStore:
    digests = PictureDigests(catalog.folder)
    paths = {path for p in catalog.products for path in p.image_paths}
    return PixelStore(folder, catalog.folder, {path: digests.of(path) for path in paths}, processor)


def chunks_of(batcher: Batcher, plan: Plan, size: int) -> list[Inputs]:
    return [
        batcher.inputs(plan, start, min(start + size, len(plan.sides)))
        for start in range(0, len(plan.sides), size)
    ]


@pytest.fixture(scope="session")
def parts(accepted_catalog: Path, tmp_path_factory: pytest.TempPathFactory) -> Parts:
    config = preset("small", [VIT, *TINY, "encoder.dropout=0.2"])
    catalog, digests = Catalog(accepted_catalog), PictureDigests(accepted_catalog)
    training = TrainingPairs(catalog, config.pairs, digests)
    texts = [text for p in training.products for text in (p.title, p.details) if text]
    _, processor = build_encoder(config.encoder, texts, seed=0)
    pixels = pixels_of(catalog, processor, tmp_path_factory.mktemp("pictures"))

    def build() -> UniECSModel:
        model, _ = build_encoder(config.encoder, texts, seed=0)
        torch.manual_seed(3)
        return model.double().train()

    relations = catalog_relations(catalog, digests)
    return Parts(catalog, training, training.draw(0, 0), relations, pixels, processor, build)
