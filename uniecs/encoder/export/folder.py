"""The export folder: graphs, tokenizer and processor files, and a manifest with sha256.

The manifest covers every file but itself and ``export.json``, the account of the comparison with
the model. Nothing here loads torch: a server needs ONNX Runtime alone.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from uniecs.catalog.digests import file_digest
from uniecs.errors import ModelError

MANIFEST = "manifest.json"
ACCOUNT = "export.json"
TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a request becomes the inputs of a graph.

    Attributes:
        height: Of a picture, px; the aspect ratio is not kept.
        width: Of a picture, px.
        resample: Pillow's number of the filter.
        scale: Factor of the bytes of a picture, before mean and deviation.
        mean: Per channel.
        deviation: Per channel.
        max_text_tokens: Longer texts are cut.
        pad_id: Id that shorter texts of a batch are filled up with.
        pad_token: Its token.
    """

    height: int
    width: int
    resample: int
    scale: float
    mean: list[float]
    deviation: list[float]
    max_text_tokens: int
    pad_id: int
    pad_token: str


@dataclass(frozen=True, slots=True)
class ExportManifest:
    """What an export folder holds.

    Attributes:
        model_version: Of the model folder that was exported; the vectors are comparable with its.
        processor_digest: Of the model folder.
        dim: Length of the vectors.
        graphs: ``fp32`` and perhaps ``int8``: file by request, ``text``, ``image`` or ``both``.
        preparation: How a request becomes the inputs of a graph.
        files: sha256 by file name.
    """

    model_version: str
    processor_digest: str
    dim: int
    graphs: dict[str, dict[str, str]]
    preparation: Preparation
    files: dict[str, str]


def write_manifest(
    folder: Path,
    *,
    model_version: str,
    processor_digest: str,
    dim: int,
    graphs: dict[str, dict[str, str]],
    preparation: Preparation,
) -> ExportManifest:
    """Describe the files that lie in ``folder``."""
    names = sorted(p.name for p in folder.iterdir() if p.name not in (MANIFEST, ACCOUNT))
    files = {name: file_digest(folder / name) for name in names}
    manifest = ExportManifest(
        model_version, processor_digest, dim, graphs, preparation, files=files
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n")
    return manifest


def verify_export_folder(folder: Path) -> ExportManifest:
    """Check that every file is there and unchanged.

    Raises:
        ModelError: For a folder without manifest, a missing file, or a changed sha256.
    """
    path = folder / MANIFEST
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
        preparation = Preparation(**tree.pop("preparation"))
        manifest = ExportManifest(preparation=preparation, **tree)
        named = [file for graphs in manifest.graphs.values() for file in graphs.values()]
        whole = {*named, TOKENIZER} <= set(manifest.files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ModelError(
            f"{folder} is no export: its {MANIFEST} cannot be read ({type(error).__name__}). "
            "Make one with: uniecs export MODEL OUT."
        ) from error
    for name, expected in manifest.files.items():
        file = folder / name
        if not whole or Path(name).name != name or not file.is_file():
            raise ModelError(f"{folder}: {name} is missing; export the model again.")
        if file_digest(file) != expected:
            raise ModelError(
                f"{folder}: {name} was changed since the export; the folder cannot be trusted. "
                "Export the model again."
            )
    return manifest
