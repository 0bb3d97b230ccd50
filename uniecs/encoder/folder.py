"""The model folder: save_pretrained layout, a manifest with sha256, and a model card.

The manifest covers every file but itself and ``README.md``: the card grows with the evaluation
report while the model, and so its version, stays the same.
"""

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from uniecs.catalog.digests import file_digest
from uniecs.errors import ModelError

if TYPE_CHECKING:
    from uniecs.encoder.model import UniECSModel
    from uniecs.encoder.processor import UniECSProcessor

MANIFEST = "manifest.json"
CARD = "README.md"
SENTENCE = "modules.json"
"""Tells SentenceTransformer which class of this library loads the folder; it holds no code."""

NEEDED = ("config.json", "model.safetensors", "processor_config.json")
_UNCOVERED = (MANIFEST, CARD, "config_sentence_transformers.json")
_PROCESSOR = ("processor", "preprocessor", "tokenizer", "vocab", "special_tokens", "merges")


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """What a model folder holds.

    Attributes:
        version: Content id of the model: the same weights and processor give the same version.
        processor_digest: Content id of processor and tokenizer files.
        dim: Length of the vectors.
        files: sha256 by file name.
    """

    version: str
    processor_digest: str
    dim: int
    files: dict[str, str]


def save_model_folder(
    model: "UniECSModel", processor: "UniECSProcessor", folder: Path, *, card: str
) -> ModelManifest:
    """Write a model folder: into a partial folder first, then renamed in place of an older one."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # one file needs no bar
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / CARD).write_text(card, encoding="utf-8")
    manifest = write_model_files(model, processor, partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return manifest


def write_model_files(
    model: "UniECSModel", processor: "UniECSProcessor", folder: Path
) -> ModelManifest:
    """Write all files of a model but its card into an existing folder."""
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    module = {"idx": 0, "name": "0", "path": "", "type": "uniecs.encoder.sentence.UniECSSentence"}
    (folder / SENTENCE).write_text(json.dumps([module], indent=2))  # as SentenceTransformer does
    manifest = _manifest_of(folder, dim=model.config.dim)
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n")
    return manifest


def verify_model_folder(folder: Path) -> ModelManifest:
    """Check that every file is there and unchanged; loads no torch.

    Raises:
        ModelError: For a folder without manifest, a missing file, or a changed sha256.
    """
    manifest = _read_manifest(folder)
    for name, expected in manifest.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ModelError(
                f"{folder}: {name} is missing; copy the whole model folder again, or train anew."
            )
        found = file_digest(path)
        if found != expected:
            raise ModelError(
                f"{folder}: {name} was changed (sha256 {found[:12]}, manifest {expected[:12]}); "
                "the folder cannot be trusted. Copy it again, or train anew."
            )
    return manifest


def write_card(folder: Path, text: str) -> None:
    """Replace the model card; the version stays."""
    partial = folder / (CARD + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.rename(folder / CARD)


def _read_manifest(folder: Path) -> ModelManifest:
    path = folder / MANIFEST
    if not path.is_file():
        raise ModelError(f"{folder} is no model folder: it has no {MANIFEST}; check the path.")
    try:
        manifest = ModelManifest(**json.loads(path.read_text(encoding="utf-8")))
        named = set(manifest.files)
    except (ValueError, TypeError) as error:
        raise ModelError(f"{path} cannot be read: {error}; copy the model folder again.") from error
    for name in NEEDED:
        if name not in named:
            raise ModelError(f"{path} does not list {name}; copy the model folder again.")
    if manifest.version != _version(manifest.files):
        raise ModelError(f"{path}: version {manifest.version} does not fit the files it lists.")
    return manifest


def _manifest_of(folder: Path, *, dim: int) -> ModelManifest:
    names = sorted(p.name for p in folder.iterdir() if p.name not in _UNCOVERED)
    files = {name: file_digest(folder / name) for name in names}
    processor = {name: d for name, d in files.items() if name.startswith(_PROCESSOR)}
    return ModelManifest(
        version=_version(files), processor_digest=_digest(processor), dim=dim, files=files
    )


def _version(files: dict[str, str]) -> str:
    return f"m-{_digest(files)}"


def _digest(files: dict[str, str]) -> str:
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:12]
