"""What a step gives to its caller, and how it reaches the next step."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uniecs.steps.manifest import MANIFEST, read_manifest, walk


@dataclass(frozen=True, slots=True)
class StepOutput:
    """The finished output of a step.

    Attributes:
        folder: Where the files lie; never write into it, publish it.
        report: What the step's work returned, as read back from JSON.
        key: Digest of name, code, config and inputs.
        digest: sha256 over the output files.
        reused: Whether an earlier run had already made it.
    """

    folder: Path
    report: dict[str, Any]
    key: str
    digest: str
    reused: bool

    def publish(self, target: Path) -> Path:
        """Give the output a second name, for example the path of a KFP artifact.

        Files are hard links where the file system allows, else copies: whoever changes a
        published file replaces it and never writes into it. Repeating the call, also after a
        kill, gives the same folder; what stood at ``target`` before is replaced.

        Returns:
            ``target``, holding the files and ``manifest.json``.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.publishing")
        _remove(unfinished)
        unfinished.mkdir()
        for source in [*walk(self.folder), self.folder / MANIFEST]:
            place = unfinished / source.relative_to(self.folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            _link(source, place)
        _remove(target)
        unfinished.rename(target)
        return target


def folder_output_digest(folder: Path) -> str:
    """The output digest of a published folder, read from its manifest without hashing again.

    Raises:
        StepError: When ``folder`` is not the output of a finished step.
    """
    return read_manifest(folder).digest


def _link(source: Path, place: Path) -> None:
    if source.is_symlink():
        shutil.copy2(source, place)
        return
    try:
        os.link(source, place)
    except OSError:  # another device, too many links, or a file system without them
        shutil.copy2(source, place)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
