"""Content digests of files, folders and catalogs."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, as hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder_digest(folder: Path, files: Iterable[Path] | None = None) -> str:
    """sha256 over the relative names and contents of ``files`` (all files below by default)."""
    paths = (
        sorted(files) if files is not None else sorted(p for p in folder.rglob("*") if p.is_file())
    )
    total = hashlib.sha256()
    for path in paths:
        total.update(os.fsencode(path.relative_to(folder).as_posix()) + b"\0")
        total.update(bytes.fromhex(file_digest(path)))
    return total.hexdigest()
