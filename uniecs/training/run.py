"""``train``: from a catalog folder to a run folder with a model in it."""

import json
import shutil
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from uniecs.catalog.heldout import PictureDigests
from uniecs.catalog.pairs import Pair, kind_shares
from uniecs.catalog.reading import Catalog
from uniecs.catalog.relations import catalog_relations
from uniecs.catalog.training_pairs import TrainingPairs
from uniecs.encoder.build import build_encoder
from uniecs.encoder.folder import save_model_folder, verify_model_folder
from uniecs.encoder.model import UniECSModel
from uniecs.encoder.processor import UniECSProcessor
from uniecs.errors import CatalogError, UsageError
from uniecs.training.batches import Batcher, Dropouts
from uniecs.training.card import model_card
from uniecs.training.checkpoint import write_json
from uniecs.training.compute import COMPUTE
from uniecs.training.config import TrainConfig
from uniecs.training.distributed import ALONE, Processes, default_device
from uniecs.training.frozen import CachedBatcher, FrozenStates
from uniecs.training.history import History, Note, best_validation
from uniecs.training.lookalikes import lookalike_texts
from uniecs.training.near_duplicates import near_duplicates
from uniecs.training.pixels import PixelStore
from uniecs.training.trainer import Epochs, Trainer
from uniecs.training.validation import Validator

CONFIG = "config.json"


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
        compiled: Whether the towers were compiled.
        parameters: Numbers that the model holds, frozen ones included.
        image_size: Height and width of the pictures, px.
        catalog_digest: Of the catalog that was trained on.
    """

    model_version: str
    steps: int
    best_epoch: int
    val: dict[str, float]
    pairs: dict[str, float]
    precision: str
    compiled: bool
    parameters: int
    image_size: list[int]
    catalog_digest: str


def train(
    catalog_folder: Path,
    out: Path,
    config: TrainConfig,
    *,
    resume: bool = False,
    pictures: Path | None = None,
    note: Note | None = None,
    world: Processes = ALONE,
) -> TrainReport:
    """Train on the catalog's train split; val selects the weights that are kept.

    Args:
        catalog_folder: A catalog whose rows are valid.
        out: Run folder: ``model/``, ``config.json``, ``history.jsonl``, ``train.json``.
        config: Resolved config.
        resume: Continue an interrupted run of the same config, to the same weights.
        pictures: Where decoded pictures, and what frozen towers say of them, are kept for other
            runs; by default they are thrown away.
        note: Told about progress.
        world: The processes that share each batch; the first one writes the files.

    Raises:
        UsageError: When ``out`` holds a run and ``resume`` is not given, or one of another config.
        CatalogError: When the catalog cannot be read or paired.
        ModelError: When a pretrained tower cannot be loaded.
    """
    note = note or (lambda _kind, _values: None)
    finished = world.once(lambda: _open_run(out, config, resume=resume))
    if finished is not None:
        return finished
    run = _prepare(catalog_folder, out, config, pictures, note, world)
    run.trainer.fit()
    return world.once(lambda: _finish(out, run))


@dataclass(frozen=True)
class _Run:
    """What a run is made of."""

    trainer: Trainer
    processor: UniECSProcessor
    catalog: Catalog
    pairs: TrainingPairs


def _prepare(
    catalog_folder: Path,
    out: Path,
    config: TrainConfig,
    pictures: Path | None,
    note: Note,
    world: Processes,
) -> _Run:
    catalog = Catalog(catalog_folder)
    digests = PictureDigests(catalog_folder)
    pairs = TrainingPairs(catalog, config.pairs, digests)
    texts = [text for p in pairs.products for text in (p.title, p.details) if text]
    model, processor = build_encoder(config.encoder, texts, seed=config.run.seed)
    if world.first:  # only now: a run that cannot begin leaves no folder behind
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / CONFIG, config.model_dump(mode="json"))
    _place(model, config.run.device or default_device(), torch.channels_last)
    relations = catalog_relations(catalog, digests)
    cache = pictures or out / "cache"
    pixels = _pictures(cache, catalog_folder, pairs, processor, note, world)
    paths = [path for product in pairs.products for path in product.image_paths]
    if not texts and not any(path in pixels for path in paths):
        raise CatalogError(
            f"{catalog.file}: no product to train on has a text, and none of their {len(paths)} "
            "pictures can be read; run `uniecs catalog validate` to see why."
        )
    listings = [relations.row[product_id] for product_id in pairs.listings]
    states = None
    if config.encoder.adapters:
        states = FrozenStates(
            cache / "states", model, processor, pixels, digests.of, note=note, world=world
        )
        _ask(states, pairs)
    products = pairs.shown(catalog.products)
    batcher = (partial(CachedBatcher, states) if states else Batcher)(
        products,
        relations,
        pixels,
        processor,
        Dropouts(config.run.word_dropout, config.run.modality_dropout),
        near=near_duplicates(products, pixels),
        lookalikes=lookalike_texts(products, listings) if config.run.mismatched else None,
        mismatched=config.run.mismatched,
        device=model.device,
    )
    trainer = Trainer(
        config,
        model,
        batcher,
        Epochs(
            partial(_draw, pairs, states, config.run.seed),
            listings,
            config.run.epochs_for(len(pairs.products)),
        ),
        Validator(catalog, relations, processor),
        folder=out,
        report=History(out / "history.jsonl", note),
        world=world,
    )
    return _Run(trainer, processor, catalog, pairs)


def _ask(states: FrozenStates, pairs: TrainingPairs) -> None:
    """Ask frozen towers about what every epoch may show."""
    states.look(path for product in pairs.products for path in product.image_paths)
    states.read(product.full_text for product in pairs.products)


def _draw(pairs: TrainingPairs, states: FrozenStates | None, seed: int, epoch: int) -> list[Pair]:
    """The pairs of one epoch, after frozen towers have read the words that are its own."""
    drawn = pairs.draw(epoch, seed)
    if states:
        states.read(side.text for pair in drawn for side in (pair.query, pair.candidate))
    return drawn


def _pictures(
    folder: Path,
    root: Path,
    pairs: TrainingPairs,
    processor: UniECSProcessor,
    note: Note,
    world: Processes,
) -> PixelStore:
    """Decode the training pictures, in the first process alone."""
    wanted = sorted({path for p in pairs.products for path in p.image_paths})
    digests = {path: pairs.digests.of(path) for path in wanted}

    def progress(done: int) -> None:
        note("pictures", {"done": done, "total": len(wanted)})

    if world.first:
        PixelStore(folder, root, digests, processor, progress=progress)
    world.wait()
    return PixelStore(folder, root, digests, processor)


def _open_run(out: Path, config: TrainConfig, *, resume: bool) -> TrainReport | None:
    """Start, continue or recognise a run; its report when it is finished already."""
    path = out / CONFIG
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
            return _read_report(out)
        return None
    if out.exists() and not (out.is_dir() and not any(out.iterdir())):
        raise UsageError(f"{out} is no empty folder and holds no run; give another --out.")
    return None


def _finish(out: Path, run: _Run) -> TrainReport:
    trainer, progress = run.trainer, run.trainer.progress
    model: UniECSModel = trainer.model
    shares = kind_shares(run.pairs.draw(trainer.epochs.count - 1, trainer.config.run.seed))
    details: dict[str, Any] = {
        "steps": progress.step,
        "best_epoch": progress.best_epoch,
        "val": best_validation(out / "history.jsonl", progress.best_epoch),
        "pairs": shares,
        **asdict(trainer.compute),
        "parameters": model.num_parameters(),
        "image_size": list(run.processor.image_size),
        "catalog_digest": run.catalog.digest,
    }
    card = model_card(trainer.config, details)
    _place(model, "cpu", torch.contiguous_format)
    manifest = save_model_folder(model, run.processor, out / "model", card=card)
    write_json(out / "speed.json", {"waited_for_batches": round(trainer.waiting.share, 4)})
    report = TrainReport(model_version=manifest.version, **details)
    write_json(out / "train.json", asdict(report))
    for name in ("cache", "checkpoint", "negatives"):
        shutil.rmtree(out / name, ignore_errors=True)
    for name in ("best.safetensors", COMPUTE):
        (out / name).unlink(missing_ok=True)
    return report


def _read_report(out: Path) -> TrainReport:
    return TrainReport(**json.loads((out / "train.json").read_text()))


def _place(model: nn.Module, device: str, layout: torch.memory_format) -> None:
    """Move a model; convolutions train faster with their channels last."""
    model.to(device=device)
    for parameter in model.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)
