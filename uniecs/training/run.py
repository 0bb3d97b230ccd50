"""``train``: from a catalog folder to a run folder with a model in it."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.pairs import evaluation_pairs, kind_shares
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import catalog_relations
from uniecs.catalog.training_pairs import TrainingPairs
from uniecs.encoder.build import build_encoder
from uniecs.encoder.folder import save_model_folder, verify_model_folder
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import UsageError
from uniecs.training.batches import Batcher
from uniecs.training.card import model_card
from uniecs.training.config import TrainConfig
from uniecs.training.pixels import PixelStore
from uniecs.training.trainer import Trainer, write_json
from uniecs.training.validation import Validator

Note = Callable[[str, dict[str, Any]], None]
"""Receives (``pictures`` | ``step`` | ``validation``, values) while a run is under way."""


@dataclass(frozen=True)
class TrainReport:
    """What a run came to.

    Attributes:
        model_version: Content id of the model folder.
        steps: Optimizer steps.
        best_epoch: Epoch whose weights were kept, counted from 1.
        val: R@10 on val by task, and ``macro``.
        pairs: Share of the last epoch's training pairs that is of each kind.
        precision: What the towers and the fusion were computed in.
        catalog_digest: Of the catalog that was trained on.
    """

    model_version: str
    steps: int
    best_epoch: int
    val: dict[str, float]
    pairs: dict[str, float]
    precision: str
    catalog_digest: str


def train(
    catalog_folder: Path,
    out: Path,
    config: TrainConfig,
    *,
    resume: bool = False,
    note: Note | None = None,
) -> TrainReport:
    """Train on the catalog's train split; val selects the weights that are kept.

    Args:
        catalog_folder: A catalog whose rows are valid.
        out: Run folder: ``model/``, ``config.json``, ``history.jsonl``, ``train.json``.
        config: Resolved config.
        resume: Continue an interrupted run of the same config, to the same weights.
        note: Told about progress.

    Raises:
        UsageError: When ``out`` holds a run and ``resume`` is not given, or one of another config.
        CatalogError: When the catalog cannot be read or paired.
        ModelError: When a pretrained tower cannot be loaded.
    """
    note = note or (lambda _kind, _values: None)
    if (finished := _open_run(out, config, resume=resume)) is not None:
        return finished
    catalog = Catalog(catalog_folder)
    digests = PictureDigests(catalog_folder)
    pairs = TrainingPairs(catalog, config.pairs, digests)
    texts = [text for p in pairs.products for text in (p.title, p.details) if text]
    model, processor = build_encoder(config.encoder, texts, seed=config.run.seed)
    device = config.run.device or ("cuda" if torch.cuda.is_available() else "cpu")
    _place(model, device, torch.channels_last)
    relations = catalog_relations(catalog, digests)
    wanted = sorted({path for p in pairs.products for path in p.image_paths})
    pixels = PixelStore(
        out / "cache", catalog_folder, wanted, processor,
        progress=lambda n: note("pictures", {"done": n, "total": len(wanted)}),
    )  # fmt: skip
    epochs = config.run.epochs_for(len(pairs.products))
    trainer = Trainer(
        config,
        model,
        Batcher(catalog.products, relations, pixels, processor, config.run.word_dropout),
        lambda epoch: pairs.draw(epoch, config.run.seed),
        Validator(evaluation_pairs(catalog, "val"), relations, catalog_folder, processor),
        epochs=epochs,
        folder=out,
        report=_History(out / "history.jsonl", note),
    )
    trainer.fit()
    shares = kind_shares(pairs.draw(epochs - 1, config.run.seed))
    return _finish(out, trainer, processor, catalog.digest, shares)


def _open_run(out: Path, config: TrainConfig, *, resume: bool) -> TrainReport | None:
    """Start, continue or recognise a run; its report when it is finished already."""
    path = out / "config.json"
    resolved = config.model_dump(mode="json")
    if path.is_file():
        if not resume:
            raise UsageError(
                f"{out} already holds a run; give --resume to continue it, or another --out."
            )
        if json.loads(path.read_text()) != resolved:
            raise UsageError(
                f"{out} was started with another config (see {path}); continue it with the same "
                "settings, or give another --out."
            )
        if (out / "train.json").is_file():
            verify_model_folder(out / "model")
            return TrainReport(**json.loads((out / "train.json").read_text()))
        return None
    if out.is_dir() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty and holds no run; give another --out.")
    out.mkdir(parents=True, exist_ok=True)
    write_json(path, resolved)
    return None


def _finish(
    out: Path,
    trainer: Trainer,
    processor: UniECSProcessor,
    catalog_digest: str,
    shares: dict[str, float],
) -> TrainReport:
    model: UniECSModel = trainer.model
    val = _best_validation(out / "history.jsonl", trainer.progress.best_epoch)
    details: dict[str, Any] = {
        "steps": trainer.progress.step,
        "best_epoch": trainer.progress.best_epoch,
        "val": val,
        "pairs": shares,
        "precision": trainer.precision,
        "catalog_digest": catalog_digest,
    }
    card = model_card(trainer.config, model.num_parameters(), details)
    _place(model, "cpu", torch.contiguous_format)
    manifest = save_model_folder(model, processor, out / "model", card=card)
    report = TrainReport(model_version=manifest.version, **details)
    write_json(out / "train.json", asdict(report))
    for name in ("cache", "checkpoint"):
        shutil.rmtree(out / name, ignore_errors=True)
    (out / "best.safetensors").unlink(missing_ok=True)
    return report


def _place(model: nn.Module, device: str, layout: torch.memory_format) -> None:
    """Move a model; convolutions train faster with their channels last."""
    model.to(device=device)
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)


def _best_validation(history: Path, epoch: int) -> dict[str, float]:
    rows = [json.loads(line) for line in history.read_text().splitlines()]
    scores = [row["val"] for row in rows if row.get("epoch") == epoch]
    return dict(scores[-1]) if scores else {}


class _History:
    """Appends what the trainer reports; after a resume, steps that are run again replace theirs."""

    def __init__(self, path: Path, note: Note) -> None:
        self._path = path
        self._note = note
        self._opened = False

    def __call__(self, row: dict[str, Any]) -> None:
        if not self._opened:
            self._cut_after(row["step"] - 1)
            self._opened = True
        with self._path.open("a") as stream:
            stream.write(json.dumps(row) + "\n")
        self._note("validation" if "val" in row else "step", row)

    def _cut_after(self, step: int) -> None:
        if self._path.exists():
            kept = [line for line in _lines(self._path) if json.loads(line)["step"] <= step]
            self._path.write_text("".join(f"{line}\n" for line in kept))


def _lines(path: Path) -> Iterable[str]:
    """Whole lines; a kill may have cut the last one short."""
    for line in path.read_text().splitlines():
        try:
            json.loads(line)
        except json.JSONDecodeError:
            return
        yield line
