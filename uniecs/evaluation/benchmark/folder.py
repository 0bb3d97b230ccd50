"""The folder of a benchmark: complete or not there, with the sha256 of everything in it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from uniecs.errors import CatalogError, UsageError
from uniecs.evaluation.benchmark.config import BenchmarkConfig
from uniecs.evaluation.benchmark.summary import BenchmarkSummary
from uniecs.steps.durability import move_durably, sync_all
from uniecs.steps.manifest import MANIFEST, files_digest, output_files, walk


@contextmanager
def benchmark_folder(catalog: Path, out: Path) -> Iterator[Path]:
    """A partial folder beside ``out`` that becomes ``out`` when the block ends well.

    What a killed build left behind is removed first.

    Raises:
        UsageError: When one folder lies inside the other.
        CatalogError: When ``out`` is a file, a folder that is not empty, or cannot be written.
    """
    source, goal = catalog.resolve(), out.resolve()
    if source.is_relative_to(goal) or goal.is_relative_to(source):
        raise UsageError(f"{out}: inside the catalog {catalog} or around it; choose another.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        kind = "a folder that is not empty" if out.is_dir() else "not a folder"
        raise CatalogError(f"{out} is {kind}; name a new folder, or remove this one first.")
    partial = goal.with_name(f"{goal.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "images").mkdir(parents=True)
        try:
            yield partial
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        sync_all(list(walk(partial)))
        if goal.exists():
            goal.rmdir()
        move_durably(partial, goal)
    except OSError as error:
        raise CatalogError(f"{out} cannot be written ({error}); choose another folder.") from error


def write_manifest(folder: Path, config: BenchmarkConfig, summary: BenchmarkSummary) -> None:
    """Write ``manifest.json``: what it was built from, and the sha256 and size of every file."""
    files = output_files(folder)
    content = {
        "name": "benchmark",
        "catalog_digest": summary.catalog_digest,
        "config": config.model_dump(mode="json"),
        "digest": files_digest(files),
        "files": {name: asdict(file) for name, file in files.items()},
    }
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
