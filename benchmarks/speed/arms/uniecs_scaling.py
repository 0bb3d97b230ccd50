"""Our catalog work and encoding on a generated catalog of N rows: read, validate, pair, encode.

The rows repeat a drawn catalog under new ids, groups and words; they share its pictures, made
small, so that 100,000 rows cost seconds to write.
"""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image
from pydantic import ValidationError

from benchmarks.speed.inputs import Inputs
from uniecs.catalog.items import Item
from uniecs.catalog.pairs import PairConfig
from uniecs.catalog.reading import Catalog, read_rows
from uniecs.catalog.relations import catalog_relations
from uniecs.catalog.schema import Product
from uniecs.catalog.training_pairs import TrainingPairs
from uniecs.catalog.validation import validate_catalog
from uniecs.encoder.build import build_encoder
from uniecs.encoder.choices import EncoderConfig, TowerChoice
from uniecs.inference.encoder import Encoder

SIDE = 64
"""Pixels of a picture's side."""

CHUNK = 512
"""Items that are encoded at a time, as when a file is encoded."""


class Arm:
    """Everything is built anew in each trial, so that nothing is read from a cache."""

    def __init__(self, spec: dict[str, Any]) -> None:
        inputs = Inputs(Path(spec["inputs"]))
        self.folder = inputs.folder / f"rows-{spec['rows']}"
        if not self.folder.is_dir():
            write_catalog(inputs, self.folder, spec["rows"])
        self.encoder = _tiny_encoder(inputs.texts)

    def ready(self) -> dict[str, Any]:
        """Nothing that others need."""
        return {}

    def run(self, task: str) -> None:
        """One stage over all rows."""
        getattr(self, f"_{task}")()

    def facts(self) -> dict[str, Any]:
        """Nothing but memory."""
        return {}

    def _read(self) -> None:
        if not Catalog(self.folder).products:
            raise RuntimeError("no rows")

    def _validate(self) -> None:
        report = self.folder / "report"
        outcome = validate_catalog(self.folder, report)
        if outcome.quarantined:
            raise RuntimeError(f"{outcome.quarantined} rows are not valid")
        shutil.rmtree(report)

    def _pair(self) -> None:
        catalog = Catalog(self.folder)
        catalog_relations(catalog)
        TrainingPairs(catalog, PairConfig()).draw(0, 0)

    def _encode(self) -> None:
        items: list[Item] = []
        for product in Catalog(self.folder).products:
            picture = self.folder / product.image if product.image else None
            items.append(Item(product.product_id, product.full_text, picture))
            if len(items) == CHUNK:
                self.encoder.encode(items)
                items = []
        if items:
            self.encoder.encode(items)


def write_catalog(inputs: Inputs, folder: Path, count: int) -> None:
    """A catalog of ``count`` valid rows over the drawn ones."""
    drawn = inputs.folder / "catalog"
    by_id = {row["product_id"]: row for _, row in read_rows(drawn) if _valid(row)}
    rows = list(by_id.values())
    (folder / "images").mkdir(parents=True)
    for path in {path for row in rows for path in row["image_paths"] or ()}:
        _shrink(drawn / path, folder / _small(path))
    table = [_copy(rows[number % len(rows)], number // len(rows)) for number in range(count)]
    pq.write_table(pa.Table.from_pylist(table), folder / "catalog.parquet")


def _valid(row: dict[str, Any]) -> bool:
    try:
        Product.model_validate(row)
    except ValidationError:
        return False
    return bool(row["title"])


def _copy(row: dict[str, Any], number: int) -> dict[str, Any]:
    words = {
        name: f"{row[name]} edition {number}" for name in ("title", "description") if row[name]
    }
    keys = {name: f"{row[name]}-{number}" for name in ("product_id", "group_id") if row[name]}
    pictures = [_small(path) for path in row["image_paths"] or ()]
    return row | words | keys | {"image_paths": pictures}


def _small(path: str) -> str:
    return str(Path("images") / f"{Path(path).stem}.jpg")


def _shrink(source: Path, target: Path) -> None:
    try:
        with Image.open(source) as picture:
            picture.convert("RGB").resize((SIDE, SIDE)).save(target, "JPEG")
    except OSError:  # a picture that the demo catalog lacks on purpose is lacking here too
        return


def _tiny_encoder(texts: list[str]) -> Encoder:
    config = EncoderConfig(
        vision=TowerChoice(
            type="resnet",
            options={
                "embedding_size": 8,
                "hidden_sizes": [8, 16],
                "depths": [1, 1],
                "layer_type": "basic",
            },
        ),
        text=TowerChoice(
            type="bert",
            options={
                "hidden_size": 32,
                "num_hidden_layers": 1,
                "num_attention_heads": 2,
                "intermediate_size": 32,
                "max_position_embeddings": 32,
            },
        ),
        dim=32,
        fusion_dim=32,
        fusion_layers=1,
        fusion_heads=2,
        fusion_ffn=1,
        image_size=32,
        max_text_tokens=16,
        vocabulary=512,
    )
    model, processor = build_encoder(config, texts, seed=0)
    return Encoder(
        model.train(False),
        processor,
        model_version="random",
        processor_digest="random",
        device=torch.device("cpu"),
    )
