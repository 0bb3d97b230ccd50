"""``manifest.json``: what a step made, of what, and with which result.

Nothing in it depends on when or where the step ran, unless the step's own report does.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from uniecs.errors import StepError
from uniecs.steps.durability import write_durably
from uniecs.steps.keys import canonical_json

MANIFEST = "manifest.json"
"""Name of the file that makes an output complete."""


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file of an output: sha256 as hex, size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a finished step recorded.

    Attributes:
        code: Digest of the source code that ran.
        inputs: Name of each input -> digest.
        files: Path below the output folder (posix) -> sha256 and size.
        digest: sha256 over names and contents of ``files``; keys of later steps use it.
    """

    name: str
    key: str
    code: str
    config: Mapping[str, Any]
    inputs: Mapping[str, str]
    files: Mapping[str, OutputFile]
    digest: str
    report: Mapping[str, Any]


def is_scratch(path: Path) -> bool:
    """Whether a file or folder is a work's own notes (``.name``, ``*.tmp`` or ``*.partial``)."""
    return path.name.startswith(".") or path.suffix in (".tmp", ".partial")


def output_files(folder: Path) -> dict[str, OutputFile]:
    """Hash every file below ``folder`` but the manifest itself; names in order."""
    found = {path.relative_to(folder).as_posix(): path for path in walk(folder)}
    return {name: _measure(found[name]) for name in sorted(found)}


def walk(folder: Path) -> Iterator[Path]:
    """Every output file below ``folder``: neither the manifest nor scratch."""
    pending = [folder]
    while pending:
        for path in pending.pop().iterdir():
            if is_scratch(path) or path == folder / MANIFEST:
                continue
            if path.is_dir() and not path.is_symlink():
                pending.append(path)
            else:
                yield path


def files_digest(files: Mapping[str, OutputFile]) -> str:
    """One sha256 over names and contents."""
    return hashlib.sha256(
        canonical_json({name: file.sha256 for name, file in files.items()}).encode()
    ).hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest.json`` into ``folder``, durably and in one move."""
    text = json.dumps(asdict(manifest), indent=1, sort_keys=True, ensure_ascii=False)
    write_durably(folder / MANIFEST, text.encode())


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of an output.

    Raises:
        StepError: When there is none, or it cannot be read.
    """
    path = folder / MANIFEST
    try:
        content = json.loads(path.read_bytes())
        files = {name: OutputFile(**file) for name, file in content.pop("files").items()}
        return Manifest(files=files, **content)
    except FileNotFoundError:
        raise StepError(
            f"{folder} has no {MANIFEST}, so it is not the output of a finished step. "
            "Run the step that makes it, or give the folder that the step published."
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StepError(
            f"{path} cannot be read ({error}). Delete {folder} and run the step again."
        ) from error


def alterations(folder: Path, manifest: Manifest) -> list[str]:
    """What differs between an output folder and its manifest; empty when nothing does."""
    present = {path.relative_to(folder).as_posix(): path for path in walk(folder)}
    found = [f"{name} is missing" for name in sorted(manifest.files.keys() - present.keys())]
    found += [f"{name} was added" for name in sorted(present.keys() - manifest.files.keys())]
    for name in sorted(manifest.files.keys() & present.keys()):
        recorded, path = manifest.files[name], present[name]
        if path.stat().st_size != recorded.size or _measure(path) != recorded:
            found.append(f"{name} has other content")
    if files_digest(manifest.files) != manifest.digest:
        found.append(f"{MANIFEST} contradicts itself")
    return found


def _measure(path: Path) -> OutputFile:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return OutputFile(sha256=digest, size=stream.tell())
